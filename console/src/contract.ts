// Written by python -m weir.cli.manual; edit the declarations instead.

export type FailureCode =
  | "BindingNotFound"
  | "ConsumerGroupAlreadyExist"
  | "ConsumerGroupNotExist"
  | "ConsumerGroupQuotaExceed"
  | "ConsumerNotExist"
  | "DeleteConflict.Group.Policy"
  | "DeleteConflict.Group.User"
  | "DeleteConflict.Policy.Group"
  | "DeleteConflict.Policy.Role"
  | "DeleteConflict.Policy.User"
  | "DeleteConflict.Role.Policy"
  | "DeleteConflict.User.AccessKey"
  | "DeleteConflict.User.Group"
  | "DeleteConflict.User.Policy"
  | "DependencyViolation.FlowLog"
  | "DependencyViolation.NetworkInterface"
  | "DependencyViolation.VSwitch"
  | "DeviceAlreadyBound"
  | "DryRunOperation"
  | "DuplicatedParam.TrafficPath"
  | "EntityAlreadyExists.Group"
  | "EntityAlreadyExists.Group.Policy"
  | "EntityAlreadyExists.Policy"
  | "EntityAlreadyExists.ResourceGroup"
  | "EntityAlreadyExists.Role"
  | "EntityAlreadyExists.Role.Policy"
  | "EntityAlreadyExists.User"
  | "EntityAlreadyExists.User.Group"
  | "EntityAlreadyExists.User.Policy"
  | "EntityNotExist.Group"
  | "EntityNotExist.Group.Policy"
  | "EntityNotExist.Policy"
  | "EntityNotExist.ResourceGroup"
  | "EntityNotExist.Role"
  | "EntityNotExist.Role.Policy"
  | "EntityNotExist.User"
  | "EntityNotExist.User.AccessKey"
  | "EntityNotExist.User.Group"
  | "EntityNotExist.User.Policy"
  | "Forbidden.RAM"
  | "INVALID_PARAMETER"
  | "IllegalParam.AggregationInterval"
  | "IllegalParam.IpVersion"
  | "IllegalParam.ResourceGroupId"
  | "IllegalParam.StorageInterval"
  | "IllegalParam.TrafficPath"
  | "IllegalParam.TupleDimension"
  | "IncorrectBusinessStatus.FlowLog"
  | "IndexAlreadyExist"
  | "IndexConfigNotExist"
  | "IndexInfoInvalid"
  | "InstanceAlreadyRegistered"
  | "InternalError"
  | "InternalServerError"
  | "InvalidAPIVersion"
  | "InvalidAccessKeyId.Inactive"
  | "InvalidAccessKeyId.NotFound"
  | "InvalidAccountId.NotFound"
  | "InvalidApi.NotFound"
  | "InvalidBodyRawSize"
  | "InvalidCidrBlock.Malformed"
  | "InvalidCidrBlock.Overlapped"
  | "InvalidCompressType"
  | "InvalidContentType"
  | "InvalidCursor"
  | "InvalidDateFormat"
  | "InvalidEcsId.NotFound"
  | "InvalidEncoding"
  | "InvalidEniId.NotFound"
  | "InvalidHdMonitorStatus"
  | "InvalidHost"
  | "InvalidInstanceId"
  | "InvalidIpv6Address.Duplicated"
  | "InvalidIpv6Address.Malformed"
  | "InvalidIpv6CidrBlock.Malformed"
  | "InvalidKey"
  | "InvalidLine"
  | "InvalidMethod"
  | "InvalidNisTrafficRankingId.NotFound"
  | "InvalidOffset"
  | "InvalidOperation.DetachPrimaryEniNotAllowed"
  | "InvalidOperation.HasMemberEniAttached"
  | "InvalidOperation.InvalidEniState"
  | "InvalidOperation.InvalidEniType"
  | "InvalidParameter.DurationSeconds"
  | "InvalidParameter.Format"
  | "InvalidParameter.PolicyGrammar"
  | "InvalidParameter.RoleArn"
  | "InvalidParameter.RoleSessionName"
  | "InvalidPrivateIpAddress.Duplicated"
  | "InvalidPrivateIpAddress.Malformed"
  | "InvalidQueryString"
  | "InvalidRegionId.NotFound"
  | "InvalidResourceId.NotFound"
  | "InvalidResourceType.NotFound"
  | "InvalidReverse"
  | "InvalidSecurityToken.Expired"
  | "InvalidSecurityToken.Malformed"
  | "InvalidSecurityToken.MismatchWithAccessKey"
  | "InvalidShardCheckPoint"
  | "InvalidSignatureMethod"
  | "InvalidSignatureNonce"
  | "InvalidSignatureVersion"
  | "InvalidStatus"
  | "InvalidTimeRange"
  | "InvalidTimeStamp.Expired"
  | "InvalidTimeStamp.Format"
  | "InvalidTimestamp"
  | "InvalidTrafficAnalyzerId.NotFound"
  | "InvalidVSwitch.IpAddressNotEnough"
  | "InvalidVSwitchId.NotFound"
  | "InvalidVersion"
  | "InvalidVpcId.NotFound"
  | "InvalidZoneId.NotFound"
  | "JsonInfoInvalid"
  | "LimitExceeded.Group"
  | "LimitExceeded.Policy"
  | "LimitExceeded.ResourceGroup"
  | "LimitExceeded.Role"
  | "LimitExceeded.User"
  | "LimitExceeded.User.AccessKey"
  | "LogStoreAlreadyExist"
  | "LogStoreInfoInvalid"
  | "LogStoreNotExist"
  | "MalformedPolicyDocument"
  | "MissAccessKeyId"
  | "MissingAPIVersion"
  | "MissingAccessKeyId"
  | "MissingAction"
  | "MissingBodyRawSize"
  | "MissingContentType"
  | "MissingDate"
  | "MissingHost"
  | "MissingParam.TrafficAnalyzerIdOrLogProjectOrLogStore"
  | "MissingParameter"
  | "MissingSignature"
  | "MissingSignatureMethod"
  | "MissingSignatureNonce"
  | "MissingSignatureVersion"
  | "MissingTimestamp"
  | "MissingVersion"
  | "NoPermission"
  | "NotExistConsumerWithBody"
  | "NotFound"
  | "OperationDenied.AllTrafficPathOfManagedExist"
  | "OperationDenied.NisTrafficAnalyzerAggregationIntervalMismatch"
  | "OperationDenied.NisTrafficAnalyzerNotActive"
  | "OperationDenied.NisTrafficAnalyzerNotFound"
  | "OperationDenied.OperateShareResource"
  | "OperationFailed.AnalysisLimit"
  | "OperationFailed.EniTypeNotSupport"
  | "OperationFailed.ExceedPurchaseLimit"
  | "OperationFailed.InternalError"
  | "OperationUnsupported.AdvancedFeature"
  | "OperationUnsupported.ResourceType"
  | "OperationUnsupported.TrafficData"
  | "OperationUnsupported.TrafficScenario"
  | "OperationUnsupported.action"
  | "OptInRequired.FlowLog"
  | "ParameterInvalid"
  | "PostBodyInvalid"
  | "PostBodyTooLarge"
  | "PostBodyUncompressError"
  | "ProjectAlreadyExist"
  | "ProjectNotExist"
  | "ProjectOrLogstoreNotExist"
  | "QuotaExceed.TagsPerResource"
  | "QuotaExceeded.Eni"
  | "QuotaExceeded.FlowlogCount"
  | "QuotaExceeded.TrafficAnalyzer"
  | "QuotaExceeded.TrafficRoute"
  | "QuotaExceeded.VSwitch"
  | "QuotaExceeded.Vpc"
  | "RequestEntityTooLarge"
  | "RequestTimeExpired"
  | "RuleExist"
  | "SecurityTokenExpired"
  | "ServerBusy"
  | "ShardNotExist"
  | "SignatureDoesNotMatch"
  | "SignatureNonceUsed"
  | "SignatureNotMatch"
  | "SourceProjectNotExist"
  | "Throttling"
  | "Throttling.User"
  | "Unauthorized"
  | "UnsupportedFeature.IpVersion"
  | "UnsupportedFeature.UserDefinedTrafficPath"
  | "UnsupportedFeature.UserDefinedTrafficPathIpv6"
  | "UnsupportedFeature.VpcAdvancedFeature"
  | "UnsupportedHTTPMethod"
  | "WriteQuotaExceed";

export type RecordField =
  | "version"
  | "account-id"
  | "eni-id"
  | "vm-id"
  | "vswitch-id"
  | "vpc-id"
  | "type"
  | "protocol"
  | "srcaddr"
  | "srcport"
  | "dstaddr"
  | "dstport"
  | "direction"
  | "action"
  | "packets"
  | "bytes"
  | "start"
  | "end"
  | "tcp-flags"
  | "traffic_path"
  | "log-status"
  | "reject-reason"
  | "hook"
  | "rule"
  | "ruleset"
  | "folded-flows"
  | "pkt-srcaddr"
  | "pkt-dstaddr"
  | "initiator"
  | "icmp-type"
  | "icmp-code"
  | "vlan"
  | "pid"
  | "comm"
  | "cgroup"
  | "container-id"
  | "rtt-us"
  | "retransmits";

/** Subscribe the account to flow logs; needed once. */
export interface OpenFlowLogServiceRequest {
  /** Any configured region. */
  RegionId: string;
  /** Idempotency token. */
  ClientToken?: string;
}

export interface OpenFlowLogServiceAnswer {
  RequestId: string;
  Code: string;
  Message: string;
}

/** Whether the account is subscribed to flow logs. */
export interface GetFlowLogServiceStatusRequest {
  /** Any configured region. */
  RegionId: string;
  /** Idempotency token. */
  ClientToken?: string;
}

export interface GetFlowLogServiceStatusAnswer {
  RequestId: string;
  Enabled: boolean;
}

/** Create a flow log and start capturing the traffic of one resource. */
export interface CreateFlowLogRequest {
  /** Region of the flow log. */
  RegionId: string;
  /** What ResourceId names: one network interface, all interfaces of a VSwitch, or all of a VPC. */
  ResourceType: "NetworkInterface" | "VSwitch" | "VPC";
  /** Resource whose traffic is captured. */
  ResourceId: string;
  /** Verdicts to keep: all traffic, what access control allowed, or what it dropped. */
  TrafficType: "All" | "Allow" | "Drop";
  /** Project that receives the records. */
  ProjectName?: string;
  /** Logstore in that project. */
  LogStoreName?: string;
  /** Name of the flow log. */
  FlowLogName?: string;
  /** Description of the flow log. */
  Description?: string;
  /** Length of the window that one record sums up. */
  AggregationInterval?: 1 | 5 | 10;
  /** Paths whose traffic is captured; other than `all` only for accounts on the white list. */
  TrafficPath?: ("all" | "internetGateway" | "natGateway" | "vpnGateway" | "transitRouter" | "gatewayEndpoint" | "vbr" | "ecr" | "ipv4Gateway" | "gatewayLoadBalancerEndpoint")[];
  /** Address families to capture: IPv4 alone, or IPv4 and IPv6. */
  IpVersion?: "IPv4" | "DualStack";
  /** Resource group; the account's default group if absent. */
  ResourceGroupId?: string;
  /** Tags of the flow log. */
  Tag?: {
    /** Key of the tag. */
    Key: string;
    /** Value of the tag; may be empty. */
    Value?: string;
  }[];
  /** Traffic analyzer that receives the records, beside the logstore or alone. */
  TrafficAnalyzerId?: string;
  /** Fields of its records; the published ones if absent. */
  LogFormat?: string;
}

export interface CreateFlowLogAnswer {
  RequestId: string;
  Success: string;
  FlowLogId: string;
  ResourceGroupId: string;
}

/** List flow logs. */
export interface DescribeFlowLogsRequest {
  /** Region of the flow logs. */
  RegionId: string;
  /** The flow log. */
  FlowLogId?: string;
  /** Its name. */
  FlowLogName?: string;
  /** Its description. */
  Description?: string;
  /** What it captures. */
  ResourceType?: "NetworkInterface" | "VSwitch" | "VPC";
  /** Which one. */
  ResourceId?: string;
  /** Verdicts it keeps. */
  TrafficType?: "All" | "Allow" | "Drop";
  /** Its project. */
  ProjectName?: string;
  /** Its logstore. */
  LogStoreName?: string;
  /** Its state. */
  Status?: "Activating" | "Active" | "Modifying" | "Deactivating" | "Inactive" | "Deleting";
  /** VPC that it captures, wholly or a VSwitch or an interface in it. */
  VpcId?: string;
  /** Its resource group. */
  ResourceGroupId?: string;
  /** Tags that it has, all of them. */
  Tags?: {
    /** Key of the tag. */
    Key: string;
    /** Value of the tag; absent: any. */
    Value?: string;
  }[];
  /** Page to show, the first is 1. */
  PageNumber?: number;
  /** Flow logs per page. */
  PageSize?: number;
}

export interface DescribeFlowLogsAnswer {
  RequestId: string;
  Success: string;
  PageNumber: string;
  PageSize: string;
  TotalCount: string;
  FlowLogs: { FlowLog: {
    FlowLogId: string;
    FlowLogName: string;
    Description: string;
    CreationTime: string;
    RegionId: string;
    ResourceType: string;
    ResourceId: string;
    TrafficType: string;
    ProjectName: string;
    LogStoreName: string;
    TrafficAnalyzerId?: string;
    Status: string;
    BusinessStatus: string;
    AggregationInterval: number;
    TrafficPath: { TrafficPathList: string[] };
    IpVersion: string;
    ResourceGroupId: string;
    ServiceType: string;
    FlowLogDeliverStatus: string;
    FlowLogDeliverErrorMessage: string;
    LogFormat?: string;
    Tags: { Tag: {
      Key: string;
      Value: string;
    }[] };
  }[] };
}

/** Change the name, description, window or address families of a flow log. */
export interface ModifyFlowLogAttributeRequest {
  /** Region of the flow log. */
  RegionId: string;
  /** The flow log. */
  FlowLogId: string;
  /** New name. */
  FlowLogName?: string;
  /** New description. */
  Description?: string;
  /** New length of the window. */
  AggregationInterval?: 1 | 5 | 10;
  /** New address families. */
  IpVersion?: "IPv4" | "DualStack";
  /** New fields of its records. */
  LogFormat?: string;
}

export interface ModifyFlowLogAttributeAnswer {
  RequestId: string;
  Success: string;
}

/** Start a stopped flow log. */
export interface ActiveFlowLogRequest {
  /** Region of the flow log. */
  RegionId: string;
  /** The flow log. */
  FlowLogId: string;
}

export interface ActiveFlowLogAnswer {
  RequestId: string;
  Success: string;
}

/** Stop a flow log; it can be started again. */
export interface DeactiveFlowLogRequest {
  /** Region of the flow log. */
  RegionId: string;
  /** The flow log. */
  FlowLogId: string;
}

export interface DeactiveFlowLogAnswer {
  RequestId: string;
  Success: string;
}

/** Delete a flow log; its stored records stay. */
export interface DeleteFlowLogRequest {
  /** Region of the flow log. */
  RegionId: string;
  /** The flow log. */
  FlowLogId: string;
}

export interface DeleteFlowLogAnswer {
  RequestId: string;
  Success: string;
}

/** List the configured regions. */
export interface DescribeRegionsRequest {
  /** Language of the names: `zh-CN` or `en-US`. */
  AcceptLanguage?: string;
  /** Product whose regions are asked for. */
  ProductType?: string;
}

export interface DescribeRegionsAnswer {
  RequestId: string;
  Regions: { Region: {
    RegionId: string;
    LocalName: string;
    RegionEndpoint: string;
  }[] };
}

/** Create a VPC. */
export interface CreateVpcRequest {
  /** Region of the VPC. */
  RegionId: string;
  /** IPv4 block. */
  CidrBlock?: string;
  /** Name of the VPC. */
  VpcName?: string;
  /** Description of the VPC. */
  Description?: string;
  /** Give the VPC an IPv6 block, chosen by Weir unless Ipv6CidrBlock says it. */
  EnableIpv6?: boolean;
  /** IPv6 block; implies EnableIpv6. */
  Ipv6CidrBlock?: string;
  /** Resource group; the account's default group if absent. */
  ResourceGroupId?: string;
  /** Tags of the VPC. */
  Tag?: {
    /** Key of the tag. */
    Key: string;
    /** Value of the tag; may be empty. */
    Value?: string;
  }[];
  /** Only check: change nothing and answer DryRunOperation. */
  DryRun?: boolean;
  /** Idempotency token. */
  ClientToken?: string;
}

export interface CreateVpcAnswer {
  RequestId: string;
  VpcId: string;
  VRouterId: string;
  RouteTableId: string;
  ResourceGroupId: string;
}

/** List VPCs. */
export interface DescribeVpcsRequest {
  /** Region of the VPCs. */
  RegionId: string;
  /** VPCs to list. */
  VpcId?: string;
  /** Its name. */
  VpcName?: string;
  /** Only the default VPC, or all others. */
  IsDefault?: boolean;
  /** Its resource group. */
  ResourceGroupId?: string;
  /** Tags that it has, all of them. */
  Tag?: {
    /** Key of the tag. */
    Key: string;
    /** Value of the tag; absent: any. */
    Value?: string;
  }[];
  /** Page to show, the first is 1. */
  PageNumber?: number;
  /** VPCs per page. */
  PageSize?: number;
}

export interface DescribeVpcsAnswer {
  RequestId: string;
  PageNumber: number;
  PageSize: number;
  TotalCount: number;
  Vpcs: { Vpc: {
    VpcId: string;
    VpcName: string;
    Description: string;
    RegionId: string;
    Status: string;
    CidrBlock: string;
    Ipv6CidrBlock: string;
    EnabledIpv6: boolean;
    IsDefault: boolean;
    CreationTime: string;
    VRouterId: string;
    OwnerId: number;
    ResourceGroupId: string;
    VSwitchIds: { VSwitchId: string[] };
    RouterTableIds: { RouterTableIds: string[] };
    SecondaryCidrBlocks: { SecondaryCidrBlock: string[] };
    UserCidrs: { UserCidr: string[] };
    NatGatewayIds: { NatGatewayIds: string[] };
    Tags: { Tag: {
      Key: string;
      Value: string;
    }[] };
  }[] };
}

/** Delete a VPC that holds no VSwitch and has no flow log. */
export interface DeleteVpcRequest {
  /** The VPC. */
  VpcId: string;
  /** Its region. */
  RegionId?: string;
  /** Delete gateways in the VPC too. */
  ForceDelete?: boolean;
  /** Only check: change nothing and answer DryRunOperation. */
  DryRun?: boolean;
  /** Idempotency token. */
  ClientToken?: string;
}

export interface DeleteVpcAnswer {
  RequestId: string;
}

/** Create a VSwitch in a VPC. */
export interface CreateVSwitchRequest {
  /** VPC of the VSwitch. */
  VpcId: string;
  /** Zone of the VSwitch. */
  ZoneId: string;
  /** IPv4 block, within the VPC's. */
  CidrBlock?: string;
  /** Length of the IPv4 block; Weir takes the first free one. CidrBlock goes before. */
  CidrMask?: number;
  /** Last 8 bits of the VSwitch's IPv6 block, a /64 within the VPC's /56; absent: no IPv6. */
  Ipv6CidrBlock?: number;
  /** Region of the VPC. */
  RegionId?: string;
  /** Name of the VSwitch. */
  VSwitchName?: string;
  /** Description of the VSwitch. */
  Description?: string;
  /** Tags of the VSwitch. */
  Tag?: {
    /** Key of the tag. */
    Key: string;
    /** Value of the tag; may be empty. */
    Value?: string;
  }[];
  /** Idempotency token. */
  ClientToken?: string;
}

export interface CreateVSwitchAnswer {
  RequestId: string;
  VSwitchId: string;
}

/** List VSwitches. */
export interface DescribeVSwitchesRequest {
  /** Region of the VSwitches. */
  RegionId?: string;
  /** Its VPC. */
  VpcId?: string;
  /** The VSwitch. */
  VSwitchId?: string;
  /** Its zone. */
  ZoneId?: string;
  /** Its name. */
  VSwitchName?: string;
  /** Its route table. */
  RouteTableId?: string;
  /** Only default VSwitches, or all others. */
  IsDefault?: boolean;
  /** Its resource group. */
  ResourceGroupId?: string;
  /** Tags that it has, all of them. */
  Tag?: {
    /** Key of the tag. */
    Key: string;
    /** Value of the tag; absent: any. */
    Value?: string;
  }[];
  /** Page to show, the first is 1. */
  PageNumber?: number;
  /** VSwitches per page. */
  PageSize?: number;
}

export interface DescribeVSwitchesAnswer {
  RequestId: string;
  PageNumber: number;
  PageSize: number;
  TotalCount: number;
  VSwitches: { VSwitch: {
    VSwitchId: string;
    VSwitchName: string;
    Description: string;
    VpcId: string;
    ZoneId: string;
    Status: string;
    CidrBlock: string;
    Ipv6CidrBlock: string;
    EnabledIpv6: boolean;
    IsDefault: boolean;
    AvailableIpAddressCount: number;
    CreationTime: string;
    OwnerId: number;
    ResourceGroupId: string;
    NetworkAclId: string;
    RouteTable: {
      RouteTableId: string;
      RouteTableType: string;
    };
    Tags: { Tag: {
      Key: string;
      Value: string;
    }[] };
  }[] };
}

/** Delete a VSwitch that holds no network interface and has no flow log. */
export interface DeleteVSwitchRequest {
  /** The VSwitch. */
  VSwitchId: string;
  /** Its region. */
  RegionId?: string;
  /** Only check: change nothing and answer DryRunOperation. */
  DryRun?: boolean;
}

export interface DeleteVSwitchAnswer {
  RequestId: string;
}

/** Change the name or description of a VPC, or give it an IPv6 block. */
export interface ModifyVpcAttributeRequest {
  /** The VPC. */
  VpcId: string;
  /** Its region. */
  RegionId?: string;
  /** New name. */
  VpcName?: string;
  /** New description. */
  Description?: string;
  /** Give the VPC an IPv6 block, chosen by Weir unless Ipv6CidrBlock says it. */
  EnableIPv6?: boolean;
  /** IPv6 block; implies EnableIPv6. */
  Ipv6CidrBlock?: string;
}

export interface ModifyVpcAttributeAnswer {
  RequestId: string;
}

/** Change the name or description of a VSwitch, or give it an IPv6 block. */
export interface ModifyVSwitchAttributeRequest {
  /** The VSwitch. */
  VSwitchId: string;
  /** Its region. */
  RegionId?: string;
  /** New name. */
  VSwitchName?: string;
  /** New description. */
  Description?: string;
  /** Last 8 bits of the VSwitch's IPv6 block, a /64 within the VPC's /56. */
  Ipv6CidrBlock?: number;
}

export interface ModifyVSwitchAttributeAnswer {
  RequestId: string;
}

/** Tag resources. */
export interface TagResourcesRequest {
  /** Region of the resources. */
  RegionId: string;
  /** Kind of the resources. */
  ResourceType: string;
  /** The resources. */
  ResourceId: (string)[];
  /** Their new tags. */
  Tag: {
    /** Key of the tag. */
    Key: string;
    /** Value of the tag; may be empty. */
    Value?: string;
  }[];
}

export interface TagResourcesAnswer {
  RequestId: string;
}

/** Take tags from resources. */
export interface UnTagResourcesRequest {
  /** Region of the resources. */
  RegionId: string;
  /** Kind of the resources. */
  ResourceType: string;
  /** The resources. */
  ResourceId: (string)[];
  /** Keys to take. */
  TagKey?: (string)[];
  /** Take every tag; without meaning beside TagKey. */
  All?: boolean;
}

export interface UnTagResourcesAnswer {
  RequestId: string;
}

/** List the tags of resources. */
export interface ListTagResourcesRequest {
  /** Region of the resources. */
  RegionId: string;
  /** Kind of the resources. */
  ResourceType: string;
  /** The resources. */
  ResourceId?: (string)[];
  /** Tags that they have, all of them. */
  Tag?: {
    /** Key of the tag. */
    Key: string;
    /** Value of the tag; absent: any. */
    Value?: string;
  }[];
  /** NextToken of the page before. */
  NextToken?: string;
  /** Tags per page. */
  MaxResults?: number;
}

export interface ListTagResourcesAnswer {
  RequestId: string;
  NextToken: string;
  TagResources: { TagResource: {
    ResourceId: string;
    ResourceType: string;
    TagKey: string;
    TagValue: string;
  }[] };
}

/** Move a resource to another resource group. */
export interface MoveResourceGroupRequest {
  /** Region of the resource. */
  RegionId: string;
  /** Kind of the resource. */
  ResourceType: string;
  /** The resource. */
  ResourceId: string;
  /** Its new resource group. */
  NewResourceGroupId: string;
}

export interface MoveResourceGroupAnswer {
  RequestId: string;
}

/** Create a network interface in a VSwitch. */
export interface CreateNetworkInterfaceRequest {
  /** Region of the VSwitch. */
  RegionId: string;
  /** VSwitch of the interface. */
  VSwitchId: string;
  /** Primary private IPv4 address; Weir takes the first free one if absent. */
  PrimaryIpAddress?: string;
  /** Further private IPv4 addresses. */
  PrivateIpAddress?: (string)[];
  /** IPv6 addresses. */
  Ipv6Address?: (string)[];
  /** Kind of the interface. An interface becomes a member by AttachNetworkInterface, primary by RegisterInstance. */
  InstanceType?: "Secondary" | "Trunk";
  /** Name of the interface. */
  NetworkInterfaceName?: string;
  /** Description of the interface. */
  Description?: string;
  /** Security group of the interface; kept and given back, the host's rules decide. */
  SecurityGroupId?: string;
  /** Security groups of the interface, likewise. */
  SecurityGroupIds?: (string)[];
  /** Resource group; the account's default group if absent. */
  ResourceGroupId?: string;
  /** Tags of the interface. */
  Tag?: {
    /** Key of the tag. */
    Key: string;
    /** Value of the tag; may be empty. */
    Value?: string;
  }[];
  /** Idempotency token. */
  ClientToken?: string;
}

export interface CreateNetworkInterfaceAnswer {
  RequestId: string;
  NetworkInterfaceId: string;
  NetworkInterfaceName: string;
  Description: string;
  CreationTime: string;
  Status: string;
  Type: string;
  VpcId: string;
  VSwitchId: string;
  ZoneId: string;
  InstanceId: string;
  Attachment: {
    InstanceId: string;
    TrunkNetworkInterfaceId: string;
    MemberNetworkInterfaceIds: { MemberNetworkInterfaceId: string[] };
  };
  MacAddress: string;
  PrivateIpAddress: string;
  PrivateIpSets: { PrivateIpSet: {
    PrivateIpAddress: string;
    Primary: boolean;
  }[] };
  Ipv6Sets: { Ipv6Set: {
    Ipv6Address: string;
  }[] };
  SecurityGroupIds: { SecurityGroupId: string[] };
  OwnerId: string;
  ResourceGroupId: string;
  Tags: { Tag: {
    TagKey: string;
    TagValue: string;
  }[] };
}

/** List network interfaces. */
export interface DescribeNetworkInterfacesRequest {
  /** Region of the interfaces. */
  RegionId: string;
  /** Interfaces to list. */
  NetworkInterfaceId?: (string)[];
  /** Its name. */
  NetworkInterfaceName?: string;
  /** Its VPC. */
  VpcId?: string;
  /** Its VSwitch. */
  VSwitchId?: string;
  /** Instance it is attached to. */
  InstanceId?: string;
  /** Its kind. */
  Type?: "Primary" | "Secondary" | "Trunk" | "Member";
  /** Its state. */
  Status?: "Available" | "InUse" | "Creating" | "Attaching" | "Detaching" | "Deleting" | "CreateFailed";
  /** Its primary private IPv4 address. */
  PrimaryIpAddress?: string;
  /** Any of its private IPv4 addresses. */
  PrivateIpAddress?: (string)[];
  /** Its security group. */
  SecurityGroupId?: string;
  /** Its resource group. */
  ResourceGroupId?: string;
  /** Tags that it has, all of them. */
  Tag?: {
    /** Key of the tag. */
    Key: string;
    /** Value of the tag; absent: any. */
    Value?: string;
  }[];
  /** Page to show, the first is 1. */
  PageNumber?: number;
  /** Interfaces per page. */
  PageSize?: number;
}

export interface DescribeNetworkInterfacesAnswer {
  RequestId: string;
  PageNumber: number;
  PageSize: number;
  TotalCount: number;
  NetworkInterfaceSets: { NetworkInterfaceSet: {
    NetworkInterfaceId: string;
    NetworkInterfaceName: string;
    Description: string;
    CreationTime: string;
    Status: string;
    Type: string;
    VpcId: string;
    VSwitchId: string;
    ZoneId: string;
    InstanceId: string;
    Attachment: {
      InstanceId: string;
      TrunkNetworkInterfaceId: string;
      MemberNetworkInterfaceIds: { MemberNetworkInterfaceId: string[] };
    };
    MacAddress: string;
    PrivateIpAddress: string;
    PrivateIpSets: { PrivateIpSet: {
      PrivateIpAddress: string;
      Primary: boolean;
    }[] };
    Ipv6Sets: { Ipv6Set: {
      Ipv6Address: string;
    }[] };
    SecurityGroupIds: { SecurityGroupId: string[] };
    OwnerId: string;
    ResourceGroupId: string;
    Tags: { Tag: {
      TagKey: string;
      TagValue: string;
    }[] };
  }[] };
}

/** Delete a network interface that is bound to no device. */
export interface DeleteNetworkInterfaceRequest {
  /** Region of the interface. */
  RegionId: string;
  /** The interface. */
  NetworkInterfaceId: string;
}

export interface DeleteNetworkInterfaceAnswer {
  RequestId: string;
}

/** Attach a network interface to an instance. */
export interface AttachNetworkInterfaceRequest {
  /** Region of the interface. */
  RegionId: string;
  /** The interface. */
  NetworkInterfaceId: string;
  /** The instance. */
  InstanceId: string;
  /** Trunk interface of the same instance; the interface becomes its member. */
  TrunkNetworkInstanceId?: string;
  /** Wait inside the instance. */
  WaitForNetworkConfigurationReady?: boolean;
}

export interface AttachNetworkInterfaceAnswer {
  RequestId: string;
}

/** Detach a network interface from its instance. */
export interface DetachNetworkInterfaceRequest {
  /** Region of the interface. */
  RegionId: string;
  /** The interface. */
  NetworkInterfaceId: string;
  /** The instance. */
  InstanceId: string;
  /** Trunk interface it is a member of. */
  TrunkNetworkInstanceId?: string;
}

export interface DetachNetworkInterfaceAnswer {
  RequestId: string;
}

/** Change the name, description or security groups of a network interface. */
export interface ModifyNetworkInterfaceAttributeRequest {
  /** Region of the interface. */
  RegionId: string;
  /** The interface. */
  NetworkInterfaceId: string;
  /** New name. */
  NetworkInterfaceName?: string;
  /** New description. */
  Description?: string;
  /** New security groups, in place of all present ones; kept and given back. */
  SecurityGroupId?: (string)[];
}

export interface ModifyNetworkInterfaceAttributeAnswer {
  RequestId: string;
}

/** Create a resource group. */
export interface CreateResourceGroupRequest {
  /** Name of the group. */
  Name: string;
  /** Name for people. */
  DisplayName: string;
}

export interface CreateResourceGroupAnswer {
  RequestId: string;
  ResourceGroup: {
    Id: string;
    Name: string;
    DisplayName: string;
    AccountId: string;
    Status: string;
    CreateDate: string;
  };
}

/** Show one resource group. */
export interface GetResourceGroupRequest {
  /** The group. */
  ResourceGroupId: string;
}

export interface GetResourceGroupAnswer {
  RequestId: string;
  ResourceGroup: {
    Id: string;
    Name: string;
    DisplayName: string;
    AccountId: string;
    Status: string;
    CreateDate: string;
  };
}

/** List the account's resource groups. */
export interface ListResourceGroupsRequest {
  /** The group. */
  ResourceGroupId?: string;
  /** Its name. */
  Name?: string;
  /** Its name for people. */
  DisplayName?: string;
  /** Its state. */
  Status?: string;
  /** Page to show, the first is 1. */
  PageNumber?: number;
  /** Groups per page. */
  PageSize?: number;
}

export interface ListResourceGroupsAnswer {
  RequestId: string;
  PageNumber: number;
  PageSize: number;
  TotalCount: number;
  ResourceGroups: { ResourceGroup: {
    Id: string;
    Name: string;
    DisplayName: string;
    AccountId: string;
    Status: string;
    CreateDate: string;
  }[] };
}

/** Create a RAM user. */
export interface CreateUserRequest {
  /** Name of the new user. */
  UserName: string;
  /** Name for people. */
  DisplayName?: string;
  /** Phone number; kept and given back. */
  MobilePhone?: string;
  /** Mail address; kept and given back. */
  Email?: string;
  /** Free text. */
  Comments?: string;
}

export interface CreateUserAnswer {
  RequestId: string;
  User: {
    UserId: string;
    UserName: string;
    DisplayName: string;
    MobilePhone: string;
    Email: string;
    Comments: string;
    CreateDate: string;
    UpdateDate: string;
  };
}

/** Show a RAM user. */
export interface GetUserRequest {
  /** The RAM user. */
  UserName: string;
}

export interface GetUserAnswer {
  RequestId: string;
  User: {
    UserId: string;
    UserName: string;
    DisplayName: string;
    MobilePhone: string;
    Email: string;
    Comments: string;
    CreateDate: string;
    UpdateDate: string;
  };
}

/** List the RAM users. */
export interface ListUsersRequest {
  /** Marker of the page before. */
  Marker?: string;
  /** Items per page. */
  MaxItems?: number;
}

export interface ListUsersAnswer {
  RequestId: string;
  IsTruncated: boolean;
  Marker?: string;
  Users: { User: {
    UserId: string;
    UserName: string;
    DisplayName: string;
    MobilePhone: string;
    Email: string;
    Comments: string;
    CreateDate: string;
    UpdateDate: string;
  }[] };
}

/** Delete a RAM user. */
export interface DeleteUserRequest {
  /** The RAM user. */
  UserName: string;
}

export interface DeleteUserAnswer {
  RequestId: string;
}

/** Make an AccessKey. */
export interface CreateAccessKeyRequest {
  /** The RAM user; the caller's own keys if absent. */
  UserName?: string;
}

export interface CreateAccessKeyAnswer {
  RequestId: string;
  AccessKey: {
    AccessKeyId: string;
    AccessKeySecret: string;
    Status: string;
    CreateDate: string;
  };
}

/** Disable or enable an AccessKey. */
export interface UpdateAccessKeyRequest {
  /** The RAM user; the caller's own keys if absent. */
  UserName?: string;
  /** The AccessKey. */
  UserAccessKeyId: string;
  /** `Inactive` disables it, `Active` enables it. */
  Status: "Active" | "Inactive";
}

export interface UpdateAccessKeyAnswer {
  RequestId: string;
}

/** Delete an AccessKey. */
export interface DeleteAccessKeyRequest {
  /** The RAM user; the caller's own keys if absent. */
  UserName?: string;
  /** The AccessKey. */
  UserAccessKeyId: string;
}

export interface DeleteAccessKeyAnswer {
  RequestId: string;
}

/** List AccessKeys. */
export interface ListAccessKeysRequest {
  /** The RAM user; the caller's own keys if absent. */
  UserName?: string;
}

export interface ListAccessKeysAnswer {
  RequestId: string;
  AccessKeys: { AccessKey: {
    AccessKeyId: string;
    Status: string;
    CreateDate: string;
  }[] };
}

/** Create a group. */
export interface CreateGroupRequest {
  /** The group. */
  GroupName: string;
  /** Free text. */
  Comments?: string;
}

export interface CreateGroupAnswer {
  RequestId: string;
  Group: {
    GroupId: string;
    GroupName: string;
    Comments: string;
    CreateDate: string;
    UpdateDate: string;
  };
}

/** Show a group. */
export interface GetGroupRequest {
  /** The group. */
  GroupName: string;
}

export interface GetGroupAnswer {
  RequestId: string;
  Group: {
    GroupId: string;
    GroupName: string;
    Comments: string;
    CreateDate: string;
    UpdateDate: string;
  };
}

/** List the groups. */
export interface ListGroupsRequest {
  /** Marker of the page before. */
  Marker?: string;
  /** Items per page. */
  MaxItems?: number;
}

export interface ListGroupsAnswer {
  RequestId: string;
  IsTruncated: boolean;
  Marker?: string;
  Groups: { Group: {
    GroupId: string;
    GroupName: string;
    Comments: string;
    CreateDate: string;
    UpdateDate: string;
  }[] };
}

/** Delete a group. */
export interface DeleteGroupRequest {
  /** The group. */
  GroupName: string;
}

export interface DeleteGroupAnswer {
  RequestId: string;
}

/** Make a RAM user a member of a group. */
export interface AddUserToGroupRequest {
  /** The RAM user. */
  UserName: string;
  /** The group. */
  GroupName: string;
}

export interface AddUserToGroupAnswer {
  RequestId: string;
}

/** End a RAM user's membership of a group. */
export interface RemoveUserFromGroupRequest {
  /** The RAM user. */
  UserName: string;
  /** The group. */
  GroupName: string;
}

export interface RemoveUserFromGroupAnswer {
  RequestId: string;
}

/** List the members of a group. */
export interface ListUsersForGroupRequest {
  /** The group. */
  GroupName: string;
  /** Marker of the page before. */
  Marker?: string;
  /** Items per page. */
  MaxItems?: number;
}

export interface ListUsersForGroupAnswer {
  RequestId: string;
  IsTruncated: boolean;
  Marker?: string;
  Users: { User: {
    UserName: string;
    DisplayName: string;
    JoinDate: string;
  }[] };
}

/** List the groups of a RAM user. */
export interface ListGroupsForUserRequest {
  /** The RAM user. */
  UserName: string;
}

export interface ListGroupsForUserAnswer {
  RequestId: string;
  Groups: { Group: {
    GroupName: string;
    Comments: string;
    JoinDate: string;
  }[] };
}

/** Create a custom policy. */
export interface CreatePolicyRequest {
  /** The policy. */
  PolicyName: string;
  /** The policy in the policy language. */
  PolicyDocument: string;
  /** Free text. */
  Description?: string;
}

export interface CreatePolicyAnswer {
  RequestId: string;
  Policy: {
    PolicyName: string;
    PolicyType: string;
    Description: string;
    DefaultVersion: string;
    AttachmentCount: number;
    CreateDate: string;
    UpdateDate: string;
  };
}

/** Show a policy with its document. */
export interface GetPolicyRequest {
  /** The policy. */
  PolicyName: string;
  /** `System`: built in; `Custom`: made by the account. */
  PolicyType: "System" | "Custom";
}

export interface GetPolicyAnswer {
  RequestId: string;
  Policy: {
    PolicyName: string;
    PolicyType: string;
    Description: string;
    DefaultVersion: string;
    AttachmentCount: number;
    CreateDate: string;
    UpdateDate: string;
  };
  DefaultPolicyVersion: {
    VersionId: string;
    IsDefaultVersion: boolean;
    PolicyDocument: string;
    CreateDate: string;
  };
}

/** List policies. */
export interface ListPoliciesRequest {
  /** `System`: built in; `Custom`: made by the account. */
  PolicyType?: "System" | "Custom";
  /** Marker of the page before. */
  Marker?: string;
  /** Items per page. */
  MaxItems?: number;
}

export interface ListPoliciesAnswer {
  RequestId: string;
  IsTruncated: boolean;
  Marker?: string;
  Policies: { Policy: {
    PolicyName: string;
    PolicyType: string;
    Description: string;
    DefaultVersion: string;
    AttachmentCount: number;
    CreateDate: string;
    UpdateDate: string;
  }[] };
}

/** Delete a custom policy. */
export interface DeletePolicyRequest {
  /** The policy. */
  PolicyName: string;
}

export interface DeletePolicyAnswer {
  RequestId: string;
}

/** Attach a policy to a RAM user. */
export interface AttachPolicyToUserRequest {
  /** `System`: built in; `Custom`: made by the account. */
  PolicyType: "System" | "Custom";
  /** The policy. */
  PolicyName: string;
  /** The RAM user. */
  UserName: string;
}

export interface AttachPolicyToUserAnswer {
  RequestId: string;
}

/** Attach a policy to a group. */
export interface AttachPolicyToGroupRequest {
  /** `System`: built in; `Custom`: made by the account. */
  PolicyType: "System" | "Custom";
  /** The policy. */
  PolicyName: string;
  /** The group. */
  GroupName: string;
}

export interface AttachPolicyToGroupAnswer {
  RequestId: string;
}

/** Attach a policy to a role. */
export interface AttachPolicyToRoleRequest {
  /** `System`: built in; `Custom`: made by the account. */
  PolicyType: "System" | "Custom";
  /** The policy. */
  PolicyName: string;
  /** The role. */
  RoleName: string;
}

export interface AttachPolicyToRoleAnswer {
  RequestId: string;
}

/** Detach a policy from a RAM user. */
export interface DetachPolicyFromUserRequest {
  /** `System`: built in; `Custom`: made by the account. */
  PolicyType: "System" | "Custom";
  /** The policy. */
  PolicyName: string;
  /** The RAM user. */
  UserName: string;
}

export interface DetachPolicyFromUserAnswer {
  RequestId: string;
}

/** Detach a policy from a group. */
export interface DetachPolicyFromGroupRequest {
  /** `System`: built in; `Custom`: made by the account. */
  PolicyType: "System" | "Custom";
  /** The policy. */
  PolicyName: string;
  /** The group. */
  GroupName: string;
}

export interface DetachPolicyFromGroupAnswer {
  RequestId: string;
}

/** Detach a policy from a role. */
export interface DetachPolicyFromRoleRequest {
  /** `System`: built in; `Custom`: made by the account. */
  PolicyType: "System" | "Custom";
  /** The policy. */
  PolicyName: string;
  /** The role. */
  RoleName: string;
}

export interface DetachPolicyFromRoleAnswer {
  RequestId: string;
}

/** List the policies attached to a RAM user. */
export interface ListPoliciesForUserRequest {
  /** The RAM user. */
  UserName: string;
}

export interface ListPoliciesForUserAnswer {
  RequestId: string;
  Policies: { Policy: {
    PolicyName: string;
    PolicyType: string;
    Description: string;
    DefaultVersion: string;
    AttachDate: string;
  }[] };
}

/** List the policies attached to a group. */
export interface ListPoliciesForGroupRequest {
  /** The group. */
  GroupName: string;
}

export interface ListPoliciesForGroupAnswer {
  RequestId: string;
  Policies: { Policy: {
    PolicyName: string;
    PolicyType: string;
    Description: string;
    DefaultVersion: string;
    AttachDate: string;
  }[] };
}

/** List the policies attached to a role. */
export interface ListPoliciesForRoleRequest {
  /** The role. */
  RoleName: string;
}

export interface ListPoliciesForRoleAnswer {
  RequestId: string;
  Policies: { Policy: {
    PolicyName: string;
    PolicyType: string;
    Description: string;
    DefaultVersion: string;
    AttachDate: string;
  }[] };
}

/** Create a role. */
export interface CreateRoleRequest {
  /** The role. */
  RoleName: string;
  /** Trust policy: the RAM identities that may assume the role. */
  AssumeRolePolicyDocument: string;
  /** Free text. */
  Description?: string;
  /** Longest session. */
  MaxSessionDuration?: number;
}

export interface CreateRoleAnswer {
  RequestId: string;
  Role: {
    RoleId: string;
    RoleName: string;
    Arn: string;
    Description: string;
    MaxSessionDuration: number;
    CreateDate: string;
    UpdateDate: string;
    AssumeRolePolicyDocument: string;
  };
}

/** Show a role. */
export interface GetRoleRequest {
  /** The role. */
  RoleName: string;
}

export interface GetRoleAnswer {
  RequestId: string;
  Role: {
    RoleId: string;
    RoleName: string;
    Arn: string;
    Description: string;
    MaxSessionDuration: number;
    CreateDate: string;
    UpdateDate: string;
    AssumeRolePolicyDocument: string;
  };
}

/** Change a role's trust policy or its longest session. */
export interface UpdateRoleRequest {
  /** The role. */
  RoleName: string;
  /** New trust policy. */
  NewAssumeRolePolicyDocument?: string;
  /** New longest session. */
  NewMaxSessionDuration?: number;
}

export interface UpdateRoleAnswer {
  RequestId: string;
  Role: {
    RoleId: string;
    RoleName: string;
    Arn: string;
    Description: string;
    MaxSessionDuration: number;
    CreateDate: string;
    UpdateDate: string;
    AssumeRolePolicyDocument: string;
  };
}

/** List the roles. */
export interface ListRolesRequest {
  /** Marker of the page before. */
  Marker?: string;
  /** Items per page. */
  MaxItems?: number;
}

export interface ListRolesAnswer {
  RequestId: string;
  IsTruncated: boolean;
  Marker?: string;
  Roles: { Role: {
    RoleId: string;
    RoleName: string;
    Arn: string;
    Description: string;
    MaxSessionDuration: number;
    CreateDate: string;
    UpdateDate: string;
  }[] };
}

/** Delete a role. */
export interface DeleteRoleRequest {
  /** The role. */
  RoleName: string;
}

export interface DeleteRoleAnswer {
  RequestId: string;
}

/** Become a role for a while. */
export interface AssumeRoleRequest {
  /** The role. */
  RoleArn: string;
  /** Name of the session, for logs. */
  RoleSessionName: string;
  /** Session policy. */
  Policy?: string;
  /** Length of the session; at most the role's MaxSessionDuration. */
  DurationSeconds?: number;
}

export interface AssumeRoleAnswer {
  RequestId: string;
  AssumedRoleUser: {
    AssumedRoleId: string;
    Arn: string;
  };
  Credentials: {
    AccessKeyId: string;
    AccessKeySecret: string;
    SecurityToken: string;
    Expiration: string;
  };
}

/** Who signed this call. */
export interface GetCallerIdentityRequest {
}

export interface GetCallerIdentityAnswer {
  RequestId: string;
  IdentityType: string;
  AccountId: string;
  PrincipalId: string;
  UserId?: string;
  RoleId?: string;
  Arn: string;
}

/** Create a traffic analyzer, to which flow logs can deliver. */
export interface CreateTrafficAnalyzerRequest {
  /** Region of the analyzer and of its flow logs. */
  RegionId: string;
  /** Name of the analyzer. */
  TrafficAnalyzerName?: string;
  /** Description of the analyzer. */
  Description?: string;
  /** Finest step in which traffic is analysed; a flow log with a greater window cannot deliver to the analyzer. */
  AggregationInterval?: 1 | 10 | 60 | 1440;
  /** Finest view on the traffic: by cloud address, by address pair, or by flow. */
  TupleDimension?: "Tuple1" | "Tuple2" | "Tuple5";
  /** How long records are kept. */
  StorageDays?: number;
}

export interface CreateTrafficAnalyzerAnswer {
  RequestId: string;
  TrafficAnalyzerId: string;
}

/** List traffic analyzers. */
export interface DescribeTrafficAnalyzersRequest {
  /** Region of the analyzers. */
  RegionId: string;
  /** The analyzer. */
  TrafficAnalyzerId?: string;
  /** Its name. */
  TrafficAnalyzerName?: string;
  /** Its state. */
  Status?: "Active" | "Inactive";
  /** Page to show, the first is 1. */
  PageNumber?: number;
  /** Analyzers per page. */
  PageSize?: number;
}

export interface DescribeTrafficAnalyzersAnswer {
  RequestId: string;
  PageNumber: number;
  PageSize: number;
  TotalCount: number;
  TrafficAnalyzers: { TrafficAnalyzer: {
    TrafficAnalyzerId: string;
    TrafficAnalyzerName: string;
    Description: string;
    RegionId: string;
    Status: string;
    AggregationInterval: number;
    TupleDimension: string;
    StorageDays: number;
    ProjectName: string;
    LogStoreName: string;
    CreationTime: string;
    FlowLogIds: { FlowLogId: string[] };
  }[] };
}

/** Start a stopped traffic analyzer. */
export interface ActiveTrafficAnalyzerRequest {
  /** Region of the analyzer. */
  RegionId: string;
  /** The analyzer. */
  TrafficAnalyzerId: string;
}

export interface ActiveTrafficAnalyzerAnswer {
  RequestId: string;
}

/** Stop a traffic analyzer; it can be started again. */
export interface DeactiveTrafficAnalyzerRequest {
  /** Region of the analyzer. */
  RegionId: string;
  /** The analyzer. */
  TrafficAnalyzerId: string;
}

export interface DeactiveTrafficAnalyzerAnswer {
  RequestId: string;
}

/** Delete a traffic analyzer and its records. */
export interface DeleteTrafficAnalyzerRequest {
  /** Region of the analyzer. */
  RegionId: string;
  /** The analyzer. */
  TrafficAnalyzerId: string;
}

export interface DeleteTrafficAnalyzerAnswer {
  RequestId: string;
}

/** Rank the traffic of an analyzer. */
export interface StartNisTrafficRankingRequest {
  /** Region of the analyzer. */
  RegionNo: string;
  /** The analyzer. */
  TrafficAnalyzerId: string;
  /** All traffic of the flow logs, or that with addresses outside the private ranges. */
  TrafficScenario: "VpcFlowLogAll" | "VpcFlowLogInternet" | "TRFlowlog" | "CbwpMetric";
  /** Into or out of the network interface. */
  Direction: string;
  /** Beginning of the time range. */
  BeginTime: number;
  /** End of the time range. */
  EndTime: number;
  /** What is summed up and compared. */
  OrderBy: "Bytes" | "Packets" | "RoundTripTime";
  /** View on the traffic, which decides on the keys of GroupBy and Filter: `Tuple1` has VpcId, VSwitchId, NetworkInterfaceId, EcsId, CloudIp; `Tuple2` SourceIp, DestinationIp, TrafficPath instead of CloudIp; `Tuple5` also SourcePort, DestinationPort, Protocol. The analyzer's own if absent. */
  TupleDimension?: "Tuple1" | "Tuple2" | "Tuple5";
  /** What one entry stands for; the addresses (and ports and protocol) of the dimension if absent. */
  GroupBy?: string;
  /** Conditions, all of which must hold. FlowAction (`ACCEPT` or `REJECT`) must be among them. MinBytes, MaxBytes, MinPackages and MaxPackages bound the sums of a ranking's entries. */
  Filter?: string;
  /** Which end comes first. */
  Sort?: string;
  /** Entries to keep, from the first. */
  TopN?: number;
  /** Step of the storage: the time range is widened to whole steps, counted in UTC. The analyzer's own if absent. */
  StorageInterval?: 1 | 10 | 60 | 1440;
  /** Language of names. */
  Language?: string;
  /** Page size. */
  MaxResults?: number;
  /** Page. */
  NextToken?: string;
}

export interface StartNisTrafficRankingAnswer {
  RequestId: string;
  NisTrafficRankingId: string;
}

/** Read a ranking. */
export interface DescribeNisTrafficRankingRequest {
  /** The ranking. */
  NisTrafficRankingId: string;
  /** Entries per page. */
  MaxResults?: number;
  /** NextToken of the page before; absent for the first. */
  NextToken?: string;
}

export interface DescribeNisTrafficRankingAnswer {
  RequestId: string;
  NisTrafficRankingId: string;
  Status: string;
  MaxResults: number;
  NextToken: string;
  TotalCount: number;
  FlowRankingList: {
    RegionId: string;
    Direction: string;
    VpcId?: string;
    VSwitchId?: string;
    NetworkInterfaceId?: string;
    EcsId?: string;
    CloudIp?: string;
    SourceIp?: string;
    DestinationIp?: string;
    TrafficPath?: string;
    SourcePort?: string;
    DestinationPort?: string;
    Protocol?: string;
    Bytes: number;
    Packets: number;
    BytesRate: number;
  }[];
}

/** Draw bandwidth or packet rate of an analyzer over time. */
export interface GetNisTrafficMetricsRequest {
  /** Region of the analyzer. */
  RegionNo: string;
  /** The analyzer. */
  TrafficAnalyzerId: string;
  /** All traffic of the flow logs, or that with addresses outside the private ranges. */
  TrafficScenario: "VpcFlowLogAll" | "VpcFlowLogInternet" | "TRFlowlog" | "CbwpMetric";
  /** Into or out of the network interface. */
  Direction: string;
  /** What is drawn. */
  MetricName: "bps" | "pps" | "rtt" | "RetransmitRate";
  /** Beginning of the time range. */
  BeginTime?: number;
  /** End of the time range. */
  EndTime?: number;
  /** Time between two points. */
  StepMinutes?: number;
  /** View on the traffic, which decides on the keys of GroupBy and Filter: `Tuple1` has VpcId, VSwitchId, NetworkInterfaceId, EcsId, CloudIp; `Tuple2` SourceIp, DestinationIp, TrafficPath instead of CloudIp; `Tuple5` also SourcePort, DestinationPort, Protocol. The analyzer's own if absent. */
  TupleDimension?: "Tuple1" | "Tuple2" | "Tuple5";
  /** Conditions, all of which must hold. FlowAction (`ACCEPT` or `REJECT`) must be among them. MinBytes, MaxBytes, MinPackages and MaxPackages bound the sums of a ranking's entries. */
  Filter?: string;
  /** Step of the storage: the time range is widened to whole steps, counted in UTC. The analyzer's own if absent. */
  StorageInterval?: 1 | 10 | 60 | 1440;
  /** Order of the points. */
  ScanBy?: "TimestampAscending" | "TimestampDescending";
  /** Points per page. */
  MaxResults?: number;
  /** NextToken of the page before; absent for the first. */
  NextToken?: string;
}

export interface GetNisTrafficMetricsAnswer {
  RequestId: string;
  Unit: string;
  MaxResults: number;
  NextToken: string;
  TotalCount: number;
  MetricStatics: {
    TimeStamp: number;
    Value: number;
  }[];
}

/** An agent says what it has and hears what it should have. */
export interface SyncAgentRequest {
  /** Region of the node. */
  RegionId: string;
  /** The node the agent runs on. */
  NodeName: string;
  /** Revision of the targets that are applied; empty before the first. */
  Revision?: string;
  /** Every interface the agent has attached or tried to. */
  Attached?: {
    /** The interface. */
    NetworkInterfaceId: string;
    /** Generation of the target that was attached. */
    Generation: string;
    /** Why it could not be attached; empty: it is attached. */
    Error?: string;
  }[];
  /** Every logstore that did not take the agent's last batch; one that is not listed took it. */
  Undelivered?: {
    /** Project of the batch. */
    ProjectName: string;
    /** Logstore of the batch. */
    LogStoreName: string;
    /** Code of its refusal, or `Unreachable`. */
    Code: string;
  }[];
}

export interface SyncAgentAnswer {
  RequestId: string;
  SyncIntervalSeconds: number;
  Revision: string;
  Targets: { Target: {
    NetworkInterfaceId: string;
    Generation: string;
    Device: string;
    Side: string;
    Addresses: { Address: string[] };
    AccountId: string;
    InstanceId: string;
    VSwitchId: string;
    VpcId: string;
    FlowLogs: { FlowLog: {
      FlowLogId: string;
      AggregationInterval: number;
      TrafficType: string;
      ProjectName: string;
      LogStoreName: string;
      IpVersion: string;
      LogFormat: string;
      TrafficPath: { TrafficPathList: string[] };
      Since: number;
    }[] };
    Routes: { Route: {
      CidrBlock: string;
      Device: string;
      Path: string;
    }[] };
  }[] };
}

/** Say which device of which node a network interface is. */
export interface BindNetworkInterfaceRequest {
  /** The interface. */
  NetworkInterfaceId: string;
  /** Node that has the device. */
  NodeName: string;
  /** The Linux device: its name, `mac:02:00:00:00:00:2a` (where one device alone has that address) or `ifindex:7`. */
  Device: string;
  /** `behind`: the device is the host end of a veth or tap and the guest is the interface; `self`: the device is the interface itself. */
  Side?: "behind" | "self";
}

export interface BindNetworkInterfaceAnswer {
  RequestId: string;
}

/** Release a network interface from its device. */
export interface UnbindNetworkInterfaceRequest {
  /** The interface. */
  NetworkInterfaceId: string;
}

export interface UnbindNetworkInterfaceAnswer {
  RequestId: string;
}

/** List which device of which node the network interfaces are. */
export interface DescribeNetworkInterfaceBindingsRequest {
  /** The node. */
  NodeName?: string;
  /** The interface. */
  NetworkInterfaceId?: string;
}

export interface DescribeNetworkInterfaceBindingsAnswer {
  RequestId: string;
  Bindings: { Binding: {
    NetworkInterfaceId: string;
    NodeName: string;
    Device: string;
    Side: string;
    BoundTime: string;
  }[] };
}

/** List the agents. */
export interface DescribeAgentsRequest {
}

export interface DescribeAgentsAnswer {
  RequestId: string;
  Agents: { Agent: {
    NodeName: string;
    RegionId: string;
    Status: string;
    FirstSeenTime: string;
    LastSeenTime: string;
    Attachments: { Attachment: {
      NetworkInterfaceId: string;
      Generation: string;
      Error: string;
    }[] };
  }[] };
}

/** Make an instance known, so that network interfaces can be attached to it. */
export interface RegisterInstanceRequest {
  /** Region of the instance. */
  RegionId: string;
  /** Type of the instance. */
  InstanceType: string;
  /** Its id; drawn if absent. */
  InstanceId?: string;
  /** Interface that becomes its primary one: `Primary` and `InUse` until the instance is deregistered. */
  PrimaryNetworkInterfaceId?: string;
}

export interface RegisterInstanceAnswer {
  RequestId: string;
  InstanceId: string;
}

/** Forget an instance. */
export interface DeregisterInstanceRequest {
  /** Region of the instance. */
  RegionId: string;
  /** The instance. */
  InstanceId: string;
}

export interface DeregisterInstanceAnswer {
  RequestId: string;
}

/** Share a VSwitch with another account. */
export interface ShareVSwitchRequest {
  /** The VSwitch. */
  VSwitchId: string;
  /** The other account. */
  AccountId: string;
}

export interface ShareVSwitchAnswer {
  RequestId: string;
}

/** End the sharing of a VSwitch with another account. */
export interface UnshareVSwitchRequest {
  /** The VSwitch. */
  VSwitchId: string;
  /** The other account. */
  AccountId: string;
}

export interface UnshareVSwitchAnswer {
  RequestId: string;
}

/** Say whether a VPC supports advanced features, flow logs among them. */
export interface SetVpcAdvancedFeaturesRequest {
  /** The VPC. */
  VpcId: string;
  /** Whether it supports them. */
  Enabled: boolean;
}

export interface SetVpcAdvancedFeaturesAnswer {
  RequestId: string;
}

/** Make a VPC the default one of its region. */
export interface SetDefaultVpcRequest {
  /** The VPC. */
  VpcId: string;
}

export interface SetDefaultVpcAnswer {
  RequestId: string;
}

/** Hand a flow log to the log service, or take it back. */
export interface SetFlowLogServiceTypeRequest {
  /** Region of the flow log. */
  RegionId: string;
  /** The flow log. */
  FlowLogId: string;
  /** Whose it is. */
  ServiceType: "user" | "sls";
}

export interface SetFlowLogServiceTypeAnswer {
  RequestId: string;
}

/** Say which path the traffic of a VPC's interfaces takes to a destination. */
export interface SetTrafficRouteRequest {
  /** The VPC. */
  VpcId: string;
  /** The path that traffic takes. */
  Path: "internetGateway" | "natGateway" | "vpnGateway" | "transitRouter" | "gatewayEndpoint" | "vbr" | "ecr" | "ipv4Gateway" | "gatewayLoadBalancerEndpoint" | "vpcResource" | "instance" | "networkInterface" | "haVip" | "cloudService" | "cenSameRegion" | "cenOther" | "unlisted";
  /** IPv4 addresses at the far end. */
  DestinationCidrBlock?: string;
  /** IPv6 addresses at the far end. */
  DestinationIpv6CidrBlock?: string;
  /** Everything that the interface's node has in its routing tables behind this device. */
  Device?: string;
  /** Only for the interfaces of this VSwitch. */
  VSwitchId?: string;
}

export interface SetTrafficRouteAnswer {
  RequestId: string;
}

/** Forget the path to a destination. */
export interface DeleteTrafficRouteRequest {
  /** The VPC. */
  VpcId: string;
  /** The IPv4 block of the route. */
  DestinationCidrBlock?: string;
  /** The IPv6 block of the route. */
  DestinationIpv6CidrBlock?: string;
  /** The device of the route. */
  Device?: string;
  /** VSwitch of the route, if it has one. */
  VSwitchId?: string;
}

export interface DeleteTrafficRouteAnswer {
  RequestId: string;
}

/** List the declared paths. */
export interface DescribeTrafficRoutesRequest {
  /** The VPC. */
  VpcId?: string;
}

export interface DescribeTrafficRoutesAnswer {
  RequestId: string;
  TrafficRoutes: { TrafficRoute: {
    VpcId: string;
    VSwitchId: string;
    DestinationCidrBlock: string;
    Device: string;
    Path: string;
  }[] };
}

/** Every action by its name in policies. */
export interface Actions {
  "vpc:OpenFlowLogService": { request: OpenFlowLogServiceRequest; answer: OpenFlowLogServiceAnswer };
  "vpc:GetFlowLogServiceStatus": { request: GetFlowLogServiceStatusRequest; answer: GetFlowLogServiceStatusAnswer };
  "vpc:CreateFlowLog": { request: CreateFlowLogRequest; answer: CreateFlowLogAnswer };
  "vpc:DescribeFlowLogs": { request: DescribeFlowLogsRequest; answer: DescribeFlowLogsAnswer };
  "vpc:ModifyFlowLogAttribute": { request: ModifyFlowLogAttributeRequest; answer: ModifyFlowLogAttributeAnswer };
  "vpc:ActiveFlowLog": { request: ActiveFlowLogRequest; answer: ActiveFlowLogAnswer };
  "vpc:DeactiveFlowLog": { request: DeactiveFlowLogRequest; answer: DeactiveFlowLogAnswer };
  "vpc:DeleteFlowLog": { request: DeleteFlowLogRequest; answer: DeleteFlowLogAnswer };
  "vpc:DescribeRegions": { request: DescribeRegionsRequest; answer: DescribeRegionsAnswer };
  "vpc:CreateVpc": { request: CreateVpcRequest; answer: CreateVpcAnswer };
  "vpc:DescribeVpcs": { request: DescribeVpcsRequest; answer: DescribeVpcsAnswer };
  "vpc:DeleteVpc": { request: DeleteVpcRequest; answer: DeleteVpcAnswer };
  "vpc:CreateVSwitch": { request: CreateVSwitchRequest; answer: CreateVSwitchAnswer };
  "vpc:DescribeVSwitches": { request: DescribeVSwitchesRequest; answer: DescribeVSwitchesAnswer };
  "vpc:DeleteVSwitch": { request: DeleteVSwitchRequest; answer: DeleteVSwitchAnswer };
  "vpc:ModifyVpcAttribute": { request: ModifyVpcAttributeRequest; answer: ModifyVpcAttributeAnswer };
  "vpc:ModifyVSwitchAttribute": { request: ModifyVSwitchAttributeRequest; answer: ModifyVSwitchAttributeAnswer };
  "vpc:TagResources": { request: TagResourcesRequest; answer: TagResourcesAnswer };
  "vpc:UnTagResources": { request: UnTagResourcesRequest; answer: UnTagResourcesAnswer };
  "vpc:ListTagResources": { request: ListTagResourcesRequest; answer: ListTagResourcesAnswer };
  "vpc:MoveResourceGroup": { request: MoveResourceGroupRequest; answer: MoveResourceGroupAnswer };
  "ecs:CreateNetworkInterface": { request: CreateNetworkInterfaceRequest; answer: CreateNetworkInterfaceAnswer };
  "ecs:DescribeNetworkInterfaces": { request: DescribeNetworkInterfacesRequest; answer: DescribeNetworkInterfacesAnswer };
  "ecs:DeleteNetworkInterface": { request: DeleteNetworkInterfaceRequest; answer: DeleteNetworkInterfaceAnswer };
  "ecs:AttachNetworkInterface": { request: AttachNetworkInterfaceRequest; answer: AttachNetworkInterfaceAnswer };
  "ecs:DetachNetworkInterface": { request: DetachNetworkInterfaceRequest; answer: DetachNetworkInterfaceAnswer };
  "ecs:ModifyNetworkInterfaceAttribute": { request: ModifyNetworkInterfaceAttributeRequest; answer: ModifyNetworkInterfaceAttributeAnswer };
  "resourcemanager:CreateResourceGroup": { request: CreateResourceGroupRequest; answer: CreateResourceGroupAnswer };
  "resourcemanager:GetResourceGroup": { request: GetResourceGroupRequest; answer: GetResourceGroupAnswer };
  "resourcemanager:ListResourceGroups": { request: ListResourceGroupsRequest; answer: ListResourceGroupsAnswer };
  "ram:CreateUser": { request: CreateUserRequest; answer: CreateUserAnswer };
  "ram:GetUser": { request: GetUserRequest; answer: GetUserAnswer };
  "ram:ListUsers": { request: ListUsersRequest; answer: ListUsersAnswer };
  "ram:DeleteUser": { request: DeleteUserRequest; answer: DeleteUserAnswer };
  "ram:CreateAccessKey": { request: CreateAccessKeyRequest; answer: CreateAccessKeyAnswer };
  "ram:UpdateAccessKey": { request: UpdateAccessKeyRequest; answer: UpdateAccessKeyAnswer };
  "ram:DeleteAccessKey": { request: DeleteAccessKeyRequest; answer: DeleteAccessKeyAnswer };
  "ram:ListAccessKeys": { request: ListAccessKeysRequest; answer: ListAccessKeysAnswer };
  "ram:CreateGroup": { request: CreateGroupRequest; answer: CreateGroupAnswer };
  "ram:GetGroup": { request: GetGroupRequest; answer: GetGroupAnswer };
  "ram:ListGroups": { request: ListGroupsRequest; answer: ListGroupsAnswer };
  "ram:DeleteGroup": { request: DeleteGroupRequest; answer: DeleteGroupAnswer };
  "ram:AddUserToGroup": { request: AddUserToGroupRequest; answer: AddUserToGroupAnswer };
  "ram:RemoveUserFromGroup": { request: RemoveUserFromGroupRequest; answer: RemoveUserFromGroupAnswer };
  "ram:ListUsersForGroup": { request: ListUsersForGroupRequest; answer: ListUsersForGroupAnswer };
  "ram:ListGroupsForUser": { request: ListGroupsForUserRequest; answer: ListGroupsForUserAnswer };
  "ram:CreatePolicy": { request: CreatePolicyRequest; answer: CreatePolicyAnswer };
  "ram:GetPolicy": { request: GetPolicyRequest; answer: GetPolicyAnswer };
  "ram:ListPolicies": { request: ListPoliciesRequest; answer: ListPoliciesAnswer };
  "ram:DeletePolicy": { request: DeletePolicyRequest; answer: DeletePolicyAnswer };
  "ram:AttachPolicyToUser": { request: AttachPolicyToUserRequest; answer: AttachPolicyToUserAnswer };
  "ram:AttachPolicyToGroup": { request: AttachPolicyToGroupRequest; answer: AttachPolicyToGroupAnswer };
  "ram:AttachPolicyToRole": { request: AttachPolicyToRoleRequest; answer: AttachPolicyToRoleAnswer };
  "ram:DetachPolicyFromUser": { request: DetachPolicyFromUserRequest; answer: DetachPolicyFromUserAnswer };
  "ram:DetachPolicyFromGroup": { request: DetachPolicyFromGroupRequest; answer: DetachPolicyFromGroupAnswer };
  "ram:DetachPolicyFromRole": { request: DetachPolicyFromRoleRequest; answer: DetachPolicyFromRoleAnswer };
  "ram:ListPoliciesForUser": { request: ListPoliciesForUserRequest; answer: ListPoliciesForUserAnswer };
  "ram:ListPoliciesForGroup": { request: ListPoliciesForGroupRequest; answer: ListPoliciesForGroupAnswer };
  "ram:ListPoliciesForRole": { request: ListPoliciesForRoleRequest; answer: ListPoliciesForRoleAnswer };
  "ram:CreateRole": { request: CreateRoleRequest; answer: CreateRoleAnswer };
  "ram:GetRole": { request: GetRoleRequest; answer: GetRoleAnswer };
  "ram:UpdateRole": { request: UpdateRoleRequest; answer: UpdateRoleAnswer };
  "ram:ListRoles": { request: ListRolesRequest; answer: ListRolesAnswer };
  "ram:DeleteRole": { request: DeleteRoleRequest; answer: DeleteRoleAnswer };
  "sts:AssumeRole": { request: AssumeRoleRequest; answer: AssumeRoleAnswer };
  "sts:GetCallerIdentity": { request: GetCallerIdentityRequest; answer: GetCallerIdentityAnswer };
  "nis:CreateTrafficAnalyzer": { request: CreateTrafficAnalyzerRequest; answer: CreateTrafficAnalyzerAnswer };
  "nis:DescribeTrafficAnalyzers": { request: DescribeTrafficAnalyzersRequest; answer: DescribeTrafficAnalyzersAnswer };
  "nis:ActiveTrafficAnalyzer": { request: ActiveTrafficAnalyzerRequest; answer: ActiveTrafficAnalyzerAnswer };
  "nis:DeactiveTrafficAnalyzer": { request: DeactiveTrafficAnalyzerRequest; answer: DeactiveTrafficAnalyzerAnswer };
  "nis:DeleteTrafficAnalyzer": { request: DeleteTrafficAnalyzerRequest; answer: DeleteTrafficAnalyzerAnswer };
  "nis:StartNisTrafficRanking": { request: StartNisTrafficRankingRequest; answer: StartNisTrafficRankingAnswer };
  "nis:DescribeNisTrafficRanking": { request: DescribeNisTrafficRankingRequest; answer: DescribeNisTrafficRankingAnswer };
  "nis:GetNisTrafficMetrics": { request: GetNisTrafficMetricsRequest; answer: GetNisTrafficMetricsAnswer };
  "weir:SyncAgent": { request: SyncAgentRequest; answer: SyncAgentAnswer };
  "weir:BindNetworkInterface": { request: BindNetworkInterfaceRequest; answer: BindNetworkInterfaceAnswer };
  "weir:UnbindNetworkInterface": { request: UnbindNetworkInterfaceRequest; answer: UnbindNetworkInterfaceAnswer };
  "weir:DescribeNetworkInterfaceBindings": { request: DescribeNetworkInterfaceBindingsRequest; answer: DescribeNetworkInterfaceBindingsAnswer };
  "weir:DescribeAgents": { request: DescribeAgentsRequest; answer: DescribeAgentsAnswer };
  "weir:RegisterInstance": { request: RegisterInstanceRequest; answer: RegisterInstanceAnswer };
  "weir:DeregisterInstance": { request: DeregisterInstanceRequest; answer: DeregisterInstanceAnswer };
  "weir:ShareVSwitch": { request: ShareVSwitchRequest; answer: ShareVSwitchAnswer };
  "weir:UnshareVSwitch": { request: UnshareVSwitchRequest; answer: UnshareVSwitchAnswer };
  "weir:SetVpcAdvancedFeatures": { request: SetVpcAdvancedFeaturesRequest; answer: SetVpcAdvancedFeaturesAnswer };
  "weir:SetDefaultVpc": { request: SetDefaultVpcRequest; answer: SetDefaultVpcAnswer };
  "weir:SetFlowLogServiceType": { request: SetFlowLogServiceTypeRequest; answer: SetFlowLogServiceTypeAnswer };
  "weir:SetTrafficRoute": { request: SetTrafficRouteRequest; answer: SetTrafficRouteAnswer };
  "weir:DeleteTrafficRoute": { request: DeleteTrafficRouteRequest; answer: DeleteTrafficRouteAnswer };
  "weir:DescribeTrafficRoutes": { request: DescribeTrafficRoutesRequest; answer: DescribeTrafficRoutesAnswer };
}

/** The parameters of the log service's operations, by name. */
export interface Operations {
  CreateProject: {
    /** Unique name, across all accounts. */
    projectName: string;
    /** Free text. */
    description?: string;
  };
  GetProject: {
    /** The project, from the host name. */
    project: string;
  };
  ListProject: {
    /** A part of the name. */
    projectName?: string;
    /** A part of the description. */
    description?: string;
    /** How many names are skipped. */
    offset?: number;
    /** How many names are answered. */
    size?: number;
  };
  UpdateProject: {
    /** The project, from the host name. */
    project: string;
    /** Free text. */
    description?: string;
  };
  DeleteProject: {
    /** The project, from the host name. */
    project: string;
  };
  CreateLogStore: {
    /** Days that rows are kept; 3650 is for ever. */
    ttl?: number;
    /** Number of shards. */
    shardCount?: number;
    /** Web tracking. */
    enable_tracking?: boolean;
    /** Senders' addresses. */
    appendMeta?: boolean;
    /** Splitting shards. */
    autoSplit?: boolean;
    /** Most shards after splitting; -1: not said. */
    maxSplitShard?: number;
    /** Kind of index service. */
    mode?: string;
    /** Kind of data. */
    telemetryType?: string;
    /** Days in the hot storage class. */
    hot_ttl?: number;
    /** The project, from the host name. */
    project: string;
    /** Unique name in the project. */
    logstoreName: string;
  };
  ListLogStores: {
    /** The project, from the host name. */
    project: string;
    /** A part of the name. */
    logstoreName?: string;
    /** Only logstores of this kind. */
    telemetryType?: string;
    /** How many names are skipped. */
    offset?: number;
    /** How many names are answered. */
    size?: number;
  };
  GetLogs: {
    /** The project, from the host name. */
    project: string;
    /** The logstore, from the path. */
    logstore: string;
    /** Start (inclusive) of the range, Unix time in seconds. */
    from: number;
    /** End (exclusive) of the range, Unix time in seconds. */
    to: number;
    /** Search, or search | SQL. */
    query?: string;
    /** Only rows of this topic. */
    topic?: string;
    /** How many rows. */
    line?: number;
    /** How many rows are skipped. */
    offset?: number;
    /** Newest rows first. */
    reverse?: boolean;
  };
  GetHistograms: {
    /** The project, from the host name. */
    project: string;
    /** The logstore, from the path. */
    logstore: string;
    /** Start (inclusive) of the range, Unix time in seconds. */
    from: number;
    /** End (exclusive) of the range, Unix time in seconds. */
    to: number;
    /** Search; what follows a | is not looked at. */
    query?: string;
    /** Only rows of this topic. */
    topic?: string;
    /** Length of a part in seconds; chosen by the range if 0 or absent. */
    interval?: number;
  };
  ListTopics: {
    /** The project, from the host name. */
    project: string;
    /** The logstore, from the path. */
    logstore: string;
    /** The first topic to be listed, or what stands after it. */
    token?: string;
    /** How many topics. */
    line?: number;
  };
  GetLogStore: {
    /** The project, from the host name. */
    project: string;
    /** The logstore, from the path. */
    logstore: string;
  };
  UpdateLogStore: {
    /** Days that rows are kept; 3650 is for ever. */
    ttl?: number;
    /** Number of shards. */
    shardCount?: number;
    /** Web tracking. */
    enable_tracking?: boolean;
    /** Senders' addresses. */
    appendMeta?: boolean;
    /** Splitting shards. */
    autoSplit?: boolean;
    /** Most shards after splitting; -1: not said. */
    maxSplitShard?: number;
    /** Kind of index service. */
    mode?: string;
    /** Kind of data. */
    telemetryType?: string;
    /** Days in the hot storage class. */
    hot_ttl?: number;
    /** The project, from the host name. */
    project: string;
    /** The logstore, from the path. */
    logstore: string;
  };
  DeleteLogStore: {
    /** The project, from the host name. */
    project: string;
    /** The logstore, from the path. */
    logstore: string;
  };
  PutLogs: {
    /** The project, from the host name. */
    project: string;
    /** The logstore, from the path. */
    logstore: string;
    /** Or header x-log-hashkey: chooses the shard; the next in turn if absent. */
    key?: string;
    /** Header: a batch of this id is stored once, however often sent. */
    "x-log-batch-id"?: string;
  };
  GetLogsV2: {
    /** The project, from the host name. */
    project: string;
    /** The logstore, from the path. */
    logstore: string;
    /** Start (inclusive) of the range, Unix time in seconds. */
    from: number;
    /** End (exclusive) of the range, Unix time in seconds. */
    to: number;
    /** Search, or search | SQL. */
    query?: string;
    /** Only rows of this topic. */
    topic?: string;
    /** How many rows. */
    line?: number;
    /** How many rows are skipped. */
    offset?: number;
    /** Newest rows first. */
    reverse?: boolean;
  };
  CreateIndex: {
    /** The project, from the host name. */
    project: string;
    /** The logstore, from the path. */
    logstore: string;
    /** Full-text index. */
    line?: Record<string, unknown>;
    /** Field indexes by key. */
    keys?: Record<string, unknown>;
    /** Bytes of a text that can be analysed. */
    max_text_len?: number;
    /** Pattern index. */
    log_reduce?: boolean;
  };
  GetIndex: {
    /** The project, from the host name. */
    project: string;
    /** The logstore, from the path. */
    logstore: string;
  };
  UpdateIndex: {
    /** The project, from the host name. */
    project: string;
    /** The logstore, from the path. */
    logstore: string;
    /** Full-text index. */
    line?: Record<string, unknown>;
    /** Field indexes by key. */
    keys?: Record<string, unknown>;
    /** Bytes of a text that can be analysed. */
    max_text_len?: number;
    /** Pattern index. */
    log_reduce?: boolean;
  };
  DeleteIndex: {
    /** The project, from the host name. */
    project: string;
    /** The logstore, from the path. */
    logstore: string;
  };
  ListShards: {
    /** The project, from the host name. */
    project: string;
    /** The logstore, from the path. */
    logstore: string;
  };
  SplitShard: {
    /** The project, from the host name. */
    project: string;
    /** The logstore, from the path. */
    logstore: string;
    /** The shard. */
    shard: number;
    /** First key of the second new shard; the middle if absent. */
    key?: string;
    /** How many new shards, equal parts. */
    shardCount?: number;
  };
  MergeShards: {
    /** The project, from the host name. */
    project: string;
    /** The logstore, from the path. */
    logstore: string;
    /** The shard. */
    shard: number;
  };
  GetCursor: {
    /** The project, from the host name. */
    project: string;
    /** The logstore, from the path. */
    logstore: string;
    /** The shard. */
    shard: number;
    /** Where the cursor shall point. */
    from: string;
  };
  GetCursorTime: {
    /** The project, from the host name. */
    project: string;
    /** The logstore, from the path. */
    logstore: string;
    /** The shard. */
    shard: number;
    /** The cursor. */
    cursor: string;
  };
  PullLogs: {
    /** The project, from the host name. */
    project: string;
    /** The logstore, from the path. */
    logstore: string;
    /** The shard. */
    shard: number;
    /** First group. */
    cursor: string;
    /** Group to stop before. */
    end_cursor?: string;
    /** How many groups. */
    count?: number;
    /** SPL. */
    query?: string;
  };
  CreateConsumerGroup: {
    /** The project, from the host name. */
    project: string;
    /** The logstore, from the path. */
    logstore: string;
    /** Unique name in the logstore. */
    consumerGroup: string;
    /** Seconds without a heartbeat after which a consumer loses its shards. */
    timeout: number;
    /** Whether a shard that was split is read to its end before its children. */
    order?: boolean;
  };
  ListConsumerGroup: {
    /** The project, from the host name. */
    project: string;
    /** The logstore, from the path. */
    logstore: string;
  };
  UpdateConsumerGroup: {
    /** The project, from the host name. */
    project: string;
    /** The logstore, from the path. */
    logstore: string;
    /** The consumer group, from the path. */
    consumerGroup: string;
    /** As in CreateConsumerGroup. */
    timeout?: number;
    /** As in CreateConsumerGroup. */
    order?: boolean;
  };
  DeleteConsumerGroup: {
    /** The project, from the host name. */
    project: string;
    /** The logstore, from the path. */
    logstore: string;
    /** The consumer group, from the path. */
    consumerGroup: string;
  };
  ConsumerGroupHeartBeat: {
    /** The project, from the host name. */
    project: string;
    /** The logstore, from the path. */
    logstore: string;
    /** The consumer group, from the path. */
    consumerGroup: string;
    /** The consumer's name, unique in the group. */
    consumer: string;
    /** The body: the shards it reads, as a bare array. */
    shards?: number[];
  };
  ConsumerGroupUpdateCheckPoint: {
    /** The project, from the host name. */
    project: string;
    /** The logstore, from the path. */
    logstore: string;
    /** The consumer group, from the path. */
    consumerGroup: string;
    /** The shard. */
    shard: number;
    /** The cursor to go on from. */
    checkpoint: string;
    /** Who read it. */
    consumer?: string;
    /** Also for a consumer that does not hold the shard. */
    forceSuccess?: boolean;
  };
  GetConsumerGroupCheckPoint: {
    /** The project, from the host name. */
    project: string;
    /** The logstore, from the path. */
    logstore: string;
    /** The consumer group, from the path. */
    consumerGroup: string;
    /** Only this shard. */
    shard?: number;
  };
}

/** One parameter as a form shows it; `N` in a name is an index from 1. */
export interface Parameter {
  name: string;
  required: boolean;
  rule: string;
  doc: string;
  example: string;
  choices: readonly string[];
  unit: string;
  ignored: string;
  refused: string;
}

export interface Action {
  product: string;
  version: string;
  name: string;
  summary: string;
  writes: boolean;
  parameters: readonly Parameter[];
  failures: readonly FailureCode[];
}

export const ACTIONS: Record<keyof Actions, Action> = {
  "vpc:OpenFlowLogService": {
    product: "Vpc",
    version: "2016-04-28",
    name: "OpenFlowLogService",
    summary: "Subscribe the account to flow logs; needed once.",
    writes: true,
    parameters: [
      { name: "RegionId", required: true, rule: "text", doc: "Any configured region.", example: "cn-hangzhou", choices: [], unit: "", ignored: "", refused: "" },
      { name: "ClientToken", required: false, rule: "1 to 64 characters, ASCII without blanks", doc: "Idempotency token.", example: "123e4567-e89b-12d3-a456-426655440000", choices: [], unit: "", ignored: "a second call is refused in any case", refused: "" },
    ],
    failures: ["MissingParameter", "InvalidRegionId.NotFound", "ParameterInvalid", "OperationFailed.ExceedPurchaseLimit"],
  },
  "vpc:GetFlowLogServiceStatus": {
    product: "Vpc",
    version: "2016-04-28",
    name: "GetFlowLogServiceStatus",
    summary: "Whether the account is subscribed to flow logs.",
    writes: false,
    parameters: [
      { name: "RegionId", required: true, rule: "text", doc: "Any configured region.", example: "cn-hangzhou", choices: [], unit: "", ignored: "", refused: "" },
      { name: "ClientToken", required: false, rule: "1 to 64 characters, ASCII without blanks", doc: "Idempotency token.", example: "123e4567-e89b-12d3-a456-426655440000", choices: [], unit: "", ignored: "the call changes nothing", refused: "" },
    ],
    failures: ["MissingParameter", "InvalidRegionId.NotFound", "ParameterInvalid"],
  },
  "vpc:CreateFlowLog": {
    product: "Vpc",
    version: "2016-04-28",
    name: "CreateFlowLog",
    summary: "Create a flow log and start capturing the traffic of one resource.",
    writes: true,
    parameters: [
      { name: "RegionId", required: true, rule: "text", doc: "Region of the flow log.", example: "cn-hangzhou", choices: [], unit: "", ignored: "", refused: "" },
      { name: "ResourceType", required: true, rule: "`NetworkInterface`, `VSwitch`, `VPC`", doc: "What ResourceId names: one network interface, all interfaces of a VSwitch, or all of a VPC.", example: "NetworkInterface", choices: ["NetworkInterface", "VSwitch", "VPC"], unit: "", ignored: "", refused: "" },
      { name: "ResourceId", required: true, rule: "text", doc: "Resource whose traffic is captured.", example: "eni-bp1d66qjxb3qoin3a2b4", choices: [], unit: "", ignored: "", refused: "" },
      { name: "TrafficType", required: true, rule: "`All`, `Allow`, `Drop`", doc: "Verdicts to keep: all traffic, what access control allowed, or what it dropped.", example: "All", choices: ["All", "Allow", "Drop"], unit: "", ignored: "", refused: "" },
      { name: "ProjectName", required: false, rule: "3 to 63 characters, lowercase letters, digits and hyphens, the first and last a letter or digit", doc: "Project that receives the records.", example: "flow-logs", choices: [], unit: "", ignored: "", refused: "" },
      { name: "LogStoreName", required: false, rule: "3 to 63 characters, lowercase letters, digits, hyphens and underscores, the first and last a letter or digit", doc: "Logstore in that project.", example: "vpc_flow_log", choices: [], unit: "", ignored: "", refused: "" },
      { name: "FlowLogName", required: false, rule: "1 to 128 characters, not starting with http:// or https://", doc: "Name of the flow log.", example: "myFlowlog", choices: [], unit: "", ignored: "", refused: "" },
      { name: "Description", required: false, rule: "1 to 256 characters, not starting with http:// or https://", doc: "Description of the flow log.", example: "This is my Flowlog.", choices: [], unit: "", ignored: "", refused: "" },
      { name: "AggregationInterval", required: false, rule: "`1`, `5`, `10`", doc: "Length of the window that one record sums up.", example: "10", choices: ["1", "5", "10"], unit: "minutes", ignored: "", refused: "" },
      { name: "TrafficPath.N", required: false, rule: "list of at most 20, each: `all`, `internetGateway`, `natGateway`, `vpnGateway`, `transitRouter`, `gatewayEndpoint`, `vbr`, `ecr`, `ipv4Gateway`, `gatewayLoadBalancerEndpoint`", doc: "Paths whose traffic is captured; other than `all` only for accounts on the white list.", example: "all", choices: ["all", "internetGateway", "natGateway", "vpnGateway", "transitRouter", "gatewayEndpoint", "vbr", "ecr", "ipv4Gateway", "gatewayLoadBalancerEndpoint"], unit: "", ignored: "", refused: "" },
      { name: "IpVersion", required: false, rule: "`IPv4`, `DualStack`", doc: "Address families to capture: IPv4 alone, or IPv4 and IPv6.", example: "IPv4", choices: ["IPv4", "DualStack"], unit: "", ignored: "", refused: "" },
      { name: "ResourceGroupId", required: false, rule: "text", doc: "Resource group; the account's default group if absent.", example: "rg-acfmxazdjdhd123", choices: [], unit: "", ignored: "", refused: "" },
      { name: "Tag.N.Key", required: true, rule: "1 to 128 characters, not starting with aliyun or acs:, not containing http:// or https://", doc: "Key of the tag.", example: "FinanceDept", choices: [], unit: "", ignored: "", refused: "" },
      { name: "Tag.N.Value", required: false, rule: "0 to 128 characters, not starting with aliyun or acs:, not containing http:// or https://", doc: "Value of the tag; may be empty.", example: "FinanceJoshua", choices: [], unit: "", ignored: "", refused: "" },
      { name: "TrafficAnalyzerId", required: false, rule: "text", doc: "Traffic analyzer that receives the records, beside the logstore or alone.", example: "nta-bp1x2y3z", choices: [], unit: "", ignored: "", refused: "" },
      { name: "LogFormat", required: false, rule: "1 to 1024 characters, a list of ${field}", doc: "Fields of its records; the published ones if absent.", example: "${srcaddr}${dstaddr}", choices: [], unit: "", ignored: "", refused: "" },
    ],
    failures: ["Unauthorized", "OptInRequired.FlowLog", "IncorrectBusinessStatus.FlowLog", "MissingParameter", "InvalidRegionId.NotFound", "OperationUnsupported.action", "INVALID_PARAMETER", "ParameterInvalid", "OperationUnsupported.ResourceType", "InvalidResourceType.NotFound", "IllegalParam.AggregationInterval", "IllegalParam.TrafficPath", "DuplicatedParam.TrafficPath", "IllegalParam.IpVersion", "MissingParam.TrafficAnalyzerIdOrLogProjectOrLogStore", "InvalidInstanceId", "OperationDenied.OperateShareResource", "OperationFailed.EniTypeNotSupport", "InvalidHdMonitorStatus", "OperationUnsupported.AdvancedFeature", "UnsupportedFeature.VpcAdvancedFeature", "UnsupportedFeature.UserDefinedTrafficPath", "UnsupportedFeature.UserDefinedTrafficPathIpv6", "UnsupportedFeature.IpVersion", "IllegalParam.ResourceGroupId", "ProjectOrLogstoreNotExist", "SourceProjectNotExist", "OperationDenied.NisTrafficAnalyzerNotFound", "OperationDenied.NisTrafficAnalyzerNotActive", "OperationDenied.NisTrafficAnalyzerAggregationIntervalMismatch", "OperationDenied.AllTrafficPathOfManagedExist", "RuleExist", "InvalidResourceId.NotFound", "QuotaExceeded.FlowlogCount", "OperationFailed.InternalError"],
  },
  "vpc:DescribeFlowLogs": {
    product: "Vpc",
    version: "2016-04-28",
    name: "DescribeFlowLogs",
    summary: "List flow logs.",
    writes: false,
    parameters: [
      { name: "RegionId", required: true, rule: "text", doc: "Region of the flow logs.", example: "cn-hangzhou", choices: [], unit: "", ignored: "", refused: "" },
      { name: "FlowLogId", required: false, rule: "text", doc: "The flow log.", example: "fl-m5e8vhz2t21sel1nq5kzd", choices: [], unit: "", ignored: "", refused: "" },
      { name: "FlowLogName", required: false, rule: "text", doc: "Its name.", example: "myFlowlog", choices: [], unit: "", ignored: "", refused: "" },
      { name: "Description", required: false, rule: "text", doc: "Its description.", example: "This is my Flowlog.", choices: [], unit: "", ignored: "", refused: "" },
      { name: "ResourceType", required: false, rule: "`NetworkInterface`, `VSwitch`, `VPC`", doc: "What it captures.", example: "VPC", choices: ["NetworkInterface", "VSwitch", "VPC"], unit: "", ignored: "", refused: "" },
      { name: "ResourceId", required: false, rule: "text", doc: "Which one.", example: "vpc-bp1nwd16gvo1wgs7v5m2t", choices: [], unit: "", ignored: "", refused: "" },
      { name: "TrafficType", required: false, rule: "`All`, `Allow`, `Drop`", doc: "Verdicts it keeps.", example: "All", choices: ["All", "Allow", "Drop"], unit: "", ignored: "", refused: "" },
      { name: "ProjectName", required: false, rule: "text", doc: "Its project.", example: "flow-logs", choices: [], unit: "", ignored: "", refused: "" },
      { name: "LogStoreName", required: false, rule: "text", doc: "Its logstore.", example: "vpc_flow_log", choices: [], unit: "", ignored: "", refused: "" },
      { name: "Status", required: false, rule: "`Activating`, `Active`, `Modifying`, `Deactivating`, `Inactive`, `Deleting`", doc: "Its state.", example: "Active", choices: ["Activating", "Active", "Modifying", "Deactivating", "Inactive", "Deleting"], unit: "", ignored: "", refused: "" },
      { name: "VpcId", required: false, rule: "text", doc: "VPC that it captures, wholly or a VSwitch or an interface in it.", example: "vpc-bp1nwd16gvo1wgs7v5m2t", choices: [], unit: "", ignored: "", refused: "" },
      { name: "ResourceGroupId", required: false, rule: "text", doc: "Its resource group.", example: "rg-acfmxazdjdhd123", choices: [], unit: "", ignored: "", refused: "" },
      { name: "Tags.N.Key", required: true, rule: "1 to 128 characters", doc: "Key of the tag.", example: "FinanceDept", choices: [], unit: "", ignored: "", refused: "" },
      { name: "Tags.N.Value", required: false, rule: "0 to 128 characters", doc: "Value of the tag; absent: any.", example: "FinanceJoshua", choices: [], unit: "", ignored: "", refused: "" },
      { name: "PageNumber", required: false, rule: "integer, 1 to 2147483647", doc: "Page to show, the first is 1.", example: "1", choices: [], unit: "", ignored: "", refused: "" },
      { name: "PageSize", required: false, rule: "integer, 1 to 50", doc: "Flow logs per page.", example: "20", choices: [], unit: "", ignored: "", refused: "" },
    ],
    failures: ["MissingParameter", "InvalidRegionId.NotFound", "OperationUnsupported.action", "INVALID_PARAMETER", "ParameterInvalid"],
  },
  "vpc:ModifyFlowLogAttribute": {
    product: "Vpc",
    version: "2016-04-28",
    name: "ModifyFlowLogAttribute",
    summary: "Change the name, description, window or address families of a flow log.",
    writes: true,
    parameters: [
      { name: "RegionId", required: true, rule: "text", doc: "Region of the flow log.", example: "cn-hangzhou", choices: [], unit: "", ignored: "", refused: "" },
      { name: "FlowLogId", required: true, rule: "text", doc: "The flow log.", example: "fl-m5e8vhz2t21sel1nq5kzd", choices: [], unit: "", ignored: "", refused: "" },
      { name: "FlowLogName", required: false, rule: "1 to 128 characters, not starting with http:// or https://", doc: "New name.", example: "myFlowlog", choices: [], unit: "", ignored: "", refused: "" },
      { name: "Description", required: false, rule: "1 to 256 characters, not starting with http:// or https://", doc: "New description.", example: "This is my Flowlog.", choices: [], unit: "", ignored: "", refused: "" },
      { name: "AggregationInterval", required: false, rule: "`1`, `5`, `10`", doc: "New length of the window.", example: "1", choices: ["1", "5", "10"], unit: "minutes", ignored: "", refused: "" },
      { name: "IpVersion", required: false, rule: "`IPv4`, `DualStack`", doc: "New address families.", example: "DualStack", choices: ["IPv4", "DualStack"], unit: "", ignored: "", refused: "" },
      { name: "LogFormat", required: false, rule: "1 to 1024 characters, a list of ${field}", doc: "New fields of its records.", example: "${srcaddr}${dstaddr}", choices: [], unit: "", ignored: "", refused: "" },
    ],
    failures: ["IncorrectBusinessStatus.FlowLog", "MissingParameter", "InvalidRegionId.NotFound", "OperationUnsupported.action", "INVALID_PARAMETER", "ParameterInvalid", "IllegalParam.AggregationInterval", "IllegalParam.IpVersion", "InvalidInstanceId", "InvalidStatus", "UnsupportedFeature.UserDefinedTrafficPathIpv6", "UnsupportedFeature.IpVersion", "OperationDenied.NisTrafficAnalyzerAggregationIntervalMismatch"],
  },
  "vpc:ActiveFlowLog": {
    product: "Vpc",
    version: "2016-04-28",
    name: "ActiveFlowLog",
    summary: "Start a stopped flow log.",
    writes: true,
    parameters: [
      { name: "RegionId", required: true, rule: "text", doc: "Region of the flow log.", example: "cn-hangzhou", choices: [], unit: "", ignored: "", refused: "" },
      { name: "FlowLogId", required: true, rule: "text", doc: "The flow log.", example: "fl-m5e8vhz2t21sel1nq5kzd", choices: [], unit: "", ignored: "", refused: "" },
    ],
    failures: ["IncorrectBusinessStatus.FlowLog", "MissingParameter", "InvalidRegionId.NotFound", "OperationUnsupported.action", "ParameterInvalid", "InvalidInstanceId", "InvalidStatus"],
  },
  "vpc:DeactiveFlowLog": {
    product: "Vpc",
    version: "2016-04-28",
    name: "DeactiveFlowLog",
    summary: "Stop a flow log; it can be started again.",
    writes: true,
    parameters: [
      { name: "RegionId", required: true, rule: "text", doc: "Region of the flow log.", example: "cn-hangzhou", choices: [], unit: "", ignored: "", refused: "" },
      { name: "FlowLogId", required: true, rule: "text", doc: "The flow log.", example: "fl-m5e8vhz2t21sel1nq5kzd", choices: [], unit: "", ignored: "", refused: "" },
    ],
    failures: ["IncorrectBusinessStatus.FlowLog", "MissingParameter", "InvalidRegionId.NotFound", "OperationUnsupported.action", "ParameterInvalid", "InvalidInstanceId", "InvalidStatus"],
  },
  "vpc:DeleteFlowLog": {
    product: "Vpc",
    version: "2016-04-28",
    name: "DeleteFlowLog",
    summary: "Delete a flow log; its stored records stay.",
    writes: true,
    parameters: [
      { name: "RegionId", required: true, rule: "text", doc: "Region of the flow log.", example: "cn-hangzhou", choices: [], unit: "", ignored: "", refused: "" },
      { name: "FlowLogId", required: true, rule: "text", doc: "The flow log.", example: "fl-m5e8vhz2t21sel1nq5kzd", choices: [], unit: "", ignored: "", refused: "" },
    ],
    failures: ["IncorrectBusinessStatus.FlowLog", "MissingParameter", "InvalidRegionId.NotFound", "OperationUnsupported.action", "ParameterInvalid", "InvalidInstanceId", "InvalidStatus"],
  },
  "vpc:DescribeRegions": {
    product: "Vpc",
    version: "2016-04-28",
    name: "DescribeRegions",
    summary: "List the configured regions.",
    writes: false,
    parameters: [
      { name: "AcceptLanguage", required: false, rule: "text", doc: "Language of the names: `zh-CN` or `en-US`.", example: "en-US", choices: [], unit: "", ignored: "", refused: "" },
      { name: "ProductType", required: false, rule: "text", doc: "Product whose regions are asked for.", example: "VPC", choices: [], unit: "", ignored: "a region offers every product", refused: "" },
    ],
    failures: ["ParameterInvalid"],
  },
  "vpc:CreateVpc": {
    product: "Vpc",
    version: "2016-04-28",
    name: "CreateVpc",
    summary: "Create a VPC.",
    writes: true,
    parameters: [
      { name: "RegionId", required: true, rule: "text", doc: "Region of the VPC.", example: "cn-hangzhou", choices: [], unit: "", ignored: "", refused: "" },
      { name: "CidrBlock", required: false, rule: "IPv4 network in CIDR notation, /8 to /28", doc: "IPv4 block.", example: "10.0.0.0/16", choices: [], unit: "", ignored: "", refused: "" },
      { name: "VpcName", required: false, rule: "1 to 128 characters, not starting with http:// or https://", doc: "Name of the VPC.", example: "lab", choices: [], unit: "", ignored: "", refused: "" },
      { name: "Description", required: false, rule: "1 to 256 characters, not starting with http:// or https://", doc: "Description of the VPC.", example: "This is my VPC.", choices: [], unit: "", ignored: "", refused: "" },
      { name: "EnableIpv6", required: false, rule: "`true`, `false`", doc: "Give the VPC an IPv6 block, chosen by Weir unless Ipv6CidrBlock says it.", example: "true", choices: [], unit: "", ignored: "", refused: "" },
      { name: "Ipv6CidrBlock", required: false, rule: "IPv6 network in CIDR notation, /56 to /56", doc: "IPv6 block; implies EnableIpv6.", example: "fd00:10::/56", choices: [], unit: "", ignored: "", refused: "" },
      { name: "ResourceGroupId", required: false, rule: "text", doc: "Resource group; the account's default group if absent.", example: "rg-acfmxazdjdhd123", choices: [], unit: "", ignored: "", refused: "" },
      { name: "Tag.N.Key", required: true, rule: "1 to 128 characters, not starting with aliyun or acs:, not containing http:// or https://", doc: "Key of the tag.", example: "FinanceDept", choices: [], unit: "", ignored: "", refused: "" },
      { name: "Tag.N.Value", required: false, rule: "0 to 128 characters, not starting with aliyun or acs:, not containing http:// or https://", doc: "Value of the tag; may be empty.", example: "FinanceJoshua", choices: [], unit: "", ignored: "", refused: "" },
      { name: "DryRun", required: false, rule: "`true`, `false`", doc: "Only check: change nothing and answer DryRunOperation.", example: "false", choices: [], unit: "", ignored: "", refused: "" },
      { name: "ClientToken", required: false, rule: "1 to 64 characters, ASCII without blanks", doc: "Idempotency token.", example: "123e4567-e89b-12d3-a456-426655440000", choices: [], unit: "", ignored: "a repeated call is carried out again", refused: "" },
    ],
    failures: ["MissingParameter", "InvalidRegionId.NotFound", "INVALID_PARAMETER", "ParameterInvalid", "InvalidCidrBlock.Malformed", "InvalidIpv6CidrBlock.Malformed", "IllegalParam.ResourceGroupId", "QuotaExceeded.Vpc", "DryRunOperation"],
  },
  "vpc:DescribeVpcs": {
    product: "Vpc",
    version: "2016-04-28",
    name: "DescribeVpcs",
    summary: "List VPCs.",
    writes: false,
    parameters: [
      { name: "RegionId", required: true, rule: "text", doc: "Region of the VPCs.", example: "cn-hangzhou", choices: [], unit: "", ignored: "", refused: "" },
      { name: "VpcId", required: false, rule: "1 to 20 values separated by commas, each: text", doc: "VPCs to list.", example: "vpc-bp1nwd16gvo1wgs7v5m2t", choices: [], unit: "", ignored: "", refused: "" },
      { name: "VpcName", required: false, rule: "text", doc: "Its name.", example: "lab", choices: [], unit: "", ignored: "", refused: "" },
      { name: "IsDefault", required: false, rule: "`true`, `false`", doc: "Only the default VPC, or all others.", example: "false", choices: [], unit: "", ignored: "", refused: "" },
      { name: "ResourceGroupId", required: false, rule: "text", doc: "Its resource group.", example: "rg-acfmxazdjdhd123", choices: [], unit: "", ignored: "", refused: "" },
      { name: "Tag.N.Key", required: true, rule: "1 to 128 characters", doc: "Key of the tag.", example: "FinanceDept", choices: [], unit: "", ignored: "", refused: "" },
      { name: "Tag.N.Value", required: false, rule: "0 to 128 characters", doc: "Value of the tag; absent: any.", example: "FinanceJoshua", choices: [], unit: "", ignored: "", refused: "" },
      { name: "PageNumber", required: false, rule: "integer, 1 to 2147483647", doc: "Page to show, the first is 1.", example: "1", choices: [], unit: "", ignored: "", refused: "" },
      { name: "PageSize", required: false, rule: "integer, 1 to 50", doc: "VPCs per page.", example: "10", choices: [], unit: "", ignored: "", refused: "" },
    ],
    failures: ["MissingParameter", "InvalidRegionId.NotFound", "INVALID_PARAMETER", "ParameterInvalid"],
  },
  "vpc:DeleteVpc": {
    product: "Vpc",
    version: "2016-04-28",
    name: "DeleteVpc",
    summary: "Delete a VPC that holds no VSwitch and has no flow log.",
    writes: true,
    parameters: [
      { name: "VpcId", required: true, rule: "text", doc: "The VPC.", example: "vpc-bp1nwd16gvo1wgs7v5m2t", choices: [], unit: "", ignored: "", refused: "" },
      { name: "RegionId", required: false, rule: "text", doc: "Its region.", example: "cn-hangzhou", choices: [], unit: "", ignored: "", refused: "" },
      { name: "ForceDelete", required: false, rule: "`true`, `false`", doc: "Delete gateways in the VPC too.", example: "false", choices: [], unit: "", ignored: "Weir keeps nothing in a VPC that force would remove", refused: "" },
      { name: "DryRun", required: false, rule: "`true`, `false`", doc: "Only check: change nothing and answer DryRunOperation.", example: "false", choices: [], unit: "", ignored: "", refused: "" },
      { name: "ClientToken", required: false, rule: "1 to 64 characters, ASCII without blanks", doc: "Idempotency token.", example: "123e4567-e89b-12d3-a456-426655440000", choices: [], unit: "", ignored: "a repeated call is carried out again", refused: "" },
    ],
    failures: ["MissingParameter", "InvalidRegionId.NotFound", "INVALID_PARAMETER", "ParameterInvalid", "InvalidVpcId.NotFound", "DependencyViolation.VSwitch", "DependencyViolation.FlowLog", "DryRunOperation"],
  },
  "vpc:CreateVSwitch": {
    product: "Vpc",
    version: "2016-04-28",
    name: "CreateVSwitch",
    summary: "Create a VSwitch in a VPC.",
    writes: true,
    parameters: [
      { name: "VpcId", required: true, rule: "text", doc: "VPC of the VSwitch.", example: "vpc-bp1nwd16gvo1wgs7v5m2t", choices: [], unit: "", ignored: "", refused: "" },
      { name: "ZoneId", required: true, rule: "text", doc: "Zone of the VSwitch.", example: "cn-hangzhou-b", choices: [], unit: "", ignored: "", refused: "" },
      { name: "CidrBlock", required: false, rule: "IPv4 network in CIDR notation, /16 to /29", doc: "IPv4 block, within the VPC's.", example: "10.0.1.0/24", choices: [], unit: "", ignored: "", refused: "" },
      { name: "CidrMask", required: false, rule: "integer, 16 to 29", doc: "Length of the IPv4 block; Weir takes the first free one. CidrBlock goes before.", example: "24", choices: [], unit: "", ignored: "", refused: "" },
      { name: "Ipv6CidrBlock", required: false, rule: "integer, 0 to 255", doc: "Last 8 bits of the VSwitch's IPv6 block, a /64 within the VPC's /56; absent: no IPv6.", example: "1", choices: [], unit: "", ignored: "", refused: "" },
      { name: "RegionId", required: false, rule: "text", doc: "Region of the VPC.", example: "cn-hangzhou", choices: [], unit: "", ignored: "", refused: "" },
      { name: "VSwitchName", required: false, rule: "1 to 128 characters, not starting with http:// or https://", doc: "Name of the VSwitch.", example: "bridged", choices: [], unit: "", ignored: "", refused: "" },
      { name: "Description", required: false, rule: "1 to 256 characters, not starting with http:// or https://", doc: "Description of the VSwitch.", example: "This is my VSwitch.", choices: [], unit: "", ignored: "", refused: "" },
      { name: "Tag.N.Key", required: true, rule: "1 to 128 characters, not starting with aliyun or acs:, not containing http:// or https://", doc: "Key of the tag.", example: "FinanceDept", choices: [], unit: "", ignored: "", refused: "" },
      { name: "Tag.N.Value", required: false, rule: "0 to 128 characters, not starting with aliyun or acs:, not containing http:// or https://", doc: "Value of the tag; may be empty.", example: "FinanceJoshua", choices: [], unit: "", ignored: "", refused: "" },
      { name: "ClientToken", required: false, rule: "1 to 64 characters, ASCII without blanks", doc: "Idempotency token.", example: "123e4567-e89b-12d3-a456-426655440000", choices: [], unit: "", ignored: "a repeated call is carried out again", refused: "" },
    ],
    failures: ["MissingParameter", "InvalidRegionId.NotFound", "INVALID_PARAMETER", "ParameterInvalid", "InvalidCidrBlock.Malformed", "InvalidVpcId.NotFound", "InvalidZoneId.NotFound", "InvalidCidrBlock.Overlapped", "InvalidIpv6CidrBlock.Malformed", "QuotaExceeded.VSwitch"],
  },
  "vpc:DescribeVSwitches": {
    product: "Vpc",
    version: "2016-04-28",
    name: "DescribeVSwitches",
    summary: "List VSwitches.",
    writes: false,
    parameters: [
      { name: "RegionId", required: false, rule: "text", doc: "Region of the VSwitches.", example: "cn-hangzhou", choices: [], unit: "", ignored: "", refused: "" },
      { name: "VpcId", required: false, rule: "text", doc: "Its VPC.", example: "vpc-bp1nwd16gvo1wgs7v5m2t", choices: [], unit: "", ignored: "", refused: "" },
      { name: "VSwitchId", required: false, rule: "text", doc: "The VSwitch.", example: "vsw-bp1s5fnvk4gn2tws03624", choices: [], unit: "", ignored: "", refused: "" },
      { name: "ZoneId", required: false, rule: "text", doc: "Its zone.", example: "cn-hangzhou-b", choices: [], unit: "", ignored: "", refused: "" },
      { name: "VSwitchName", required: false, rule: "text", doc: "Its name.", example: "bridged", choices: [], unit: "", ignored: "", refused: "" },
      { name: "RouteTableId", required: false, rule: "text", doc: "Its route table.", example: "vtb-bp145q7glnuzdv83kb1x2", choices: [], unit: "", ignored: "", refused: "" },
      { name: "IsDefault", required: false, rule: "`true`, `false`", doc: "Only default VSwitches, or all others.", example: "false", choices: [], unit: "", ignored: "", refused: "" },
      { name: "ResourceGroupId", required: false, rule: "text", doc: "Its resource group.", example: "rg-acfmxazdjdhd123", choices: [], unit: "", ignored: "", refused: "" },
      { name: "Tag.N.Key", required: true, rule: "1 to 128 characters", doc: "Key of the tag.", example: "FinanceDept", choices: [], unit: "", ignored: "", refused: "" },
      { name: "Tag.N.Value", required: false, rule: "0 to 128 characters", doc: "Value of the tag; absent: any.", example: "FinanceJoshua", choices: [], unit: "", ignored: "", refused: "" },
      { name: "PageNumber", required: false, rule: "integer, 1 to 2147483647", doc: "Page to show, the first is 1.", example: "1", choices: [], unit: "", ignored: "", refused: "" },
      { name: "PageSize", required: false, rule: "integer, 1 to 50", doc: "VSwitches per page.", example: "10", choices: [], unit: "", ignored: "", refused: "" },
    ],
    failures: ["InvalidRegionId.NotFound", "INVALID_PARAMETER", "ParameterInvalid"],
  },
  "vpc:DeleteVSwitch": {
    product: "Vpc",
    version: "2016-04-28",
    name: "DeleteVSwitch",
    summary: "Delete a VSwitch that holds no network interface and has no flow log.",
    writes: true,
    parameters: [
      { name: "VSwitchId", required: true, rule: "text", doc: "The VSwitch.", example: "vsw-bp1s5fnvk4gn2tws03624", choices: [], unit: "", ignored: "", refused: "" },
      { name: "RegionId", required: false, rule: "text", doc: "Its region.", example: "cn-hangzhou", choices: [], unit: "", ignored: "", refused: "" },
      { name: "DryRun", required: false, rule: "`true`, `false`", doc: "Only check: change nothing and answer DryRunOperation.", example: "false", choices: [], unit: "", ignored: "", refused: "" },
    ],
    failures: ["MissingParameter", "InvalidRegionId.NotFound", "INVALID_PARAMETER", "ParameterInvalid", "InvalidVSwitchId.NotFound", "DependencyViolation.NetworkInterface", "DependencyViolation.FlowLog", "DryRunOperation"],
  },
  "vpc:ModifyVpcAttribute": {
    product: "Vpc",
    version: "2016-04-28",
    name: "ModifyVpcAttribute",
    summary: "Change the name or description of a VPC, or give it an IPv6 block.",
    writes: true,
    parameters: [
      { name: "VpcId", required: true, rule: "text", doc: "The VPC.", example: "vpc-bp1nwd16gvo1wgs7v5m2t", choices: [], unit: "", ignored: "", refused: "" },
      { name: "RegionId", required: false, rule: "text", doc: "Its region.", example: "cn-hangzhou", choices: [], unit: "", ignored: "", refused: "" },
      { name: "VpcName", required: false, rule: "1 to 128 characters, not starting with http:// or https://", doc: "New name.", example: "lab", choices: [], unit: "", ignored: "", refused: "" },
      { name: "Description", required: false, rule: "1 to 256 characters, not starting with http:// or https://", doc: "New description.", example: "This is my VPC.", choices: [], unit: "", ignored: "", refused: "" },
      { name: "EnableIPv6", required: false, rule: "`true`, `false`", doc: "Give the VPC an IPv6 block, chosen by Weir unless Ipv6CidrBlock says it.", example: "true", choices: [], unit: "", ignored: "", refused: "" },
      { name: "Ipv6CidrBlock", required: false, rule: "IPv6 network in CIDR notation, /56 to /56", doc: "IPv6 block; implies EnableIPv6.", example: "fd00:10::/56", choices: [], unit: "", ignored: "", refused: "" },
    ],
    failures: ["MissingParameter", "InvalidRegionId.NotFound", "INVALID_PARAMETER", "ParameterInvalid", "InvalidVpcId.NotFound", "InvalidIpv6CidrBlock.Malformed"],
  },
  "vpc:ModifyVSwitchAttribute": {
    product: "Vpc",
    version: "2016-04-28",
    name: "ModifyVSwitchAttribute",
    summary: "Change the name or description of a VSwitch, or give it an IPv6 block.",
    writes: true,
    parameters: [
      { name: "VSwitchId", required: true, rule: "text", doc: "The VSwitch.", example: "vsw-bp1s5fnvk4gn2tws03624", choices: [], unit: "", ignored: "", refused: "" },
      { name: "RegionId", required: false, rule: "text", doc: "Its region.", example: "cn-hangzhou", choices: [], unit: "", ignored: "", refused: "" },
      { name: "VSwitchName", required: false, rule: "1 to 128 characters, not starting with http:// or https://", doc: "New name.", example: "bridged", choices: [], unit: "", ignored: "", refused: "" },
      { name: "Description", required: false, rule: "1 to 256 characters, not starting with http:// or https://", doc: "New description.", example: "This is my VSwitch.", choices: [], unit: "", ignored: "", refused: "" },
      { name: "Ipv6CidrBlock", required: false, rule: "integer, 0 to 255", doc: "Last 8 bits of the VSwitch's IPv6 block, a /64 within the VPC's /56.", example: "1", choices: [], unit: "", ignored: "", refused: "" },
    ],
    failures: ["MissingParameter", "InvalidRegionId.NotFound", "INVALID_PARAMETER", "ParameterInvalid", "InvalidVSwitchId.NotFound", "InvalidIpv6CidrBlock.Malformed"],
  },
  "vpc:TagResources": {
    product: "Vpc",
    version: "2016-04-28",
    name: "TagResources",
    summary: "Tag resources.",
    writes: true,
    parameters: [
      { name: "RegionId", required: true, rule: "text", doc: "Region of the resources.", example: "cn-hangzhou", choices: [], unit: "", ignored: "", refused: "" },
      { name: "ResourceType", required: true, rule: "`FLOWLOG`, `VPC`, `VSWITCH`, in any case", doc: "Kind of the resources.", example: "FLOWLOG", choices: ["FLOWLOG", "VPC", "VSWITCH"], unit: "", ignored: "", refused: "" },
      { name: "ResourceId.N", required: true, rule: "list of at most 50, each: text", doc: "The resources.", example: "fl-m5e8vhz2t21sel1nq5kzd", choices: [], unit: "", ignored: "", refused: "" },
      { name: "Tag.N.Key", required: true, rule: "1 to 128 characters, not starting with aliyun or acs:, not containing http:// or https://", doc: "Key of the tag.", example: "FinanceDept", choices: [], unit: "", ignored: "", refused: "" },
      { name: "Tag.N.Value", required: false, rule: "0 to 128 characters, not starting with aliyun or acs:, not containing http:// or https://", doc: "Value of the tag; may be empty.", example: "FinanceJoshua", choices: [], unit: "", ignored: "", refused: "" },
    ],
    failures: ["MissingParameter", "InvalidRegionId.NotFound", "INVALID_PARAMETER", "ParameterInvalid", "OperationUnsupported.ResourceType", "InvalidResourceId.NotFound", "QuotaExceed.TagsPerResource"],
  },
  "vpc:UnTagResources": {
    product: "Vpc",
    version: "2016-04-28",
    name: "UnTagResources",
    summary: "Take tags from resources.",
    writes: true,
    parameters: [
      { name: "RegionId", required: true, rule: "text", doc: "Region of the resources.", example: "cn-hangzhou", choices: [], unit: "", ignored: "", refused: "" },
      { name: "ResourceType", required: true, rule: "`FLOWLOG`, `VPC`, `VSWITCH`, in any case", doc: "Kind of the resources.", example: "FLOWLOG", choices: ["FLOWLOG", "VPC", "VSWITCH"], unit: "", ignored: "", refused: "" },
      { name: "ResourceId.N", required: true, rule: "list of at most 50, each: text", doc: "The resources.", example: "fl-m5e8vhz2t21sel1nq5kzd", choices: [], unit: "", ignored: "", refused: "" },
      { name: "TagKey.N", required: false, rule: "list of at most 20, each: 1 to 128 characters", doc: "Keys to take.", example: "FinanceDept", choices: [], unit: "", ignored: "", refused: "" },
      { name: "All", required: false, rule: "`true`, `false`", doc: "Take every tag; without meaning beside TagKey.", example: "true", choices: [], unit: "", ignored: "", refused: "" },
    ],
    failures: ["MissingParameter", "InvalidRegionId.NotFound", "INVALID_PARAMETER", "ParameterInvalid", "OperationUnsupported.ResourceType", "InvalidResourceId.NotFound"],
  },
  "vpc:ListTagResources": {
    product: "Vpc",
    version: "2016-04-28",
    name: "ListTagResources",
    summary: "List the tags of resources.",
    writes: false,
    parameters: [
      { name: "RegionId", required: true, rule: "text", doc: "Region of the resources.", example: "cn-hangzhou", choices: [], unit: "", ignored: "", refused: "" },
      { name: "ResourceType", required: true, rule: "`FLOWLOG`, `VPC`, `VSWITCH`, in any case", doc: "Kind of the resources.", example: "FLOWLOG", choices: ["FLOWLOG", "VPC", "VSWITCH"], unit: "", ignored: "", refused: "" },
      { name: "ResourceId.N", required: false, rule: "list of at most 50, each: text", doc: "The resources.", example: "fl-m5e8vhz2t21sel1nq5kzd", choices: [], unit: "", ignored: "", refused: "" },
      { name: "Tag.N.Key", required: true, rule: "1 to 128 characters", doc: "Key of the tag.", example: "FinanceDept", choices: [], unit: "", ignored: "", refused: "" },
      { name: "Tag.N.Value", required: false, rule: "0 to 128 characters", doc: "Value of the tag; absent: any.", example: "FinanceJoshua", choices: [], unit: "", ignored: "", refused: "" },
      { name: "NextToken", required: false, rule: "1 to 1024 characters", doc: "NextToken of the page before.", example: "WyJmbC1tNWU4dmh6MnQyMXNlbDFucTVremQiLCJGaW5hbmNlRGVwdCJd", choices: [], unit: "", ignored: "", refused: "" },
      { name: "MaxResults", required: false, rule: "integer, 1 to 50", doc: "Tags per page.", example: "50", choices: [], unit: "", ignored: "", refused: "" },
    ],
    failures: ["MissingParameter", "InvalidRegionId.NotFound", "INVALID_PARAMETER", "ParameterInvalid", "OperationUnsupported.ResourceType"],
  },
  "vpc:MoveResourceGroup": {
    product: "Vpc",
    version: "2016-04-28",
    name: "MoveResourceGroup",
    summary: "Move a resource to another resource group.",
    writes: true,
    parameters: [
      { name: "RegionId", required: true, rule: "text", doc: "Region of the resource.", example: "cn-hangzhou", choices: [], unit: "", ignored: "", refused: "" },
      { name: "ResourceType", required: true, rule: "`FLOWLOG`, `VPC`, `VSWITCH`, in any case", doc: "Kind of the resource.", example: "FLOWLOG", choices: ["FLOWLOG", "VPC", "VSWITCH"], unit: "", ignored: "", refused: "" },
      { name: "ResourceId", required: true, rule: "text", doc: "The resource.", example: "fl-m5e8vhz2t21sel1nq5kzd", choices: [], unit: "", ignored: "", refused: "" },
      { name: "NewResourceGroupId", required: true, rule: "text", doc: "Its new resource group.", example: "rg-acfmxazdjdhd123", choices: [], unit: "", ignored: "", refused: "" },
    ],
    failures: ["MissingParameter", "InvalidRegionId.NotFound", "ParameterInvalid", "OperationUnsupported.ResourceType", "InvalidResourceId.NotFound", "IllegalParam.ResourceGroupId"],
  },
  "ecs:CreateNetworkInterface": {
    product: "Ecs",
    version: "2014-05-26",
    name: "CreateNetworkInterface",
    summary: "Create a network interface in a VSwitch.",
    writes: true,
    parameters: [
      { name: "RegionId", required: true, rule: "text", doc: "Region of the VSwitch.", example: "cn-hangzhou", choices: [], unit: "", ignored: "", refused: "" },
      { name: "VSwitchId", required: true, rule: "text", doc: "VSwitch of the interface.", example: "vsw-bp1s5fnvk4gn2tws03624", choices: [], unit: "", ignored: "", refused: "" },
      { name: "PrimaryIpAddress", required: false, rule: "IPv4 address", doc: "Primary private IPv4 address; Weir takes the first free one if absent.", example: "10.0.1.7", choices: [], unit: "", ignored: "", refused: "" },
      { name: "PrivateIpAddress.N", required: false, rule: "list of at most 10, each: IPv4 address", doc: "Further private IPv4 addresses.", example: "10.0.1.8", choices: [], unit: "", ignored: "", refused: "" },
      { name: "Ipv6Address.N", required: false, rule: "list of at most 10, each: IPv6 address", doc: "IPv6 addresses.", example: "fd00:10:0:1::7", choices: [], unit: "", ignored: "", refused: "" },
      { name: "InstanceType", required: false, rule: "`Secondary`, `Trunk`", doc: "Kind of the interface. An interface becomes a member by AttachNetworkInterface, primary by RegisterInstance.", example: "Secondary", choices: ["Secondary", "Trunk"], unit: "", ignored: "", refused: "" },
      { name: "NetworkInterfaceName", required: false, rule: "1 to 128 characters, not starting with http:// or https://", doc: "Name of the interface.", example: "guest-1", choices: [], unit: "", ignored: "", refused: "" },
      { name: "Description", required: false, rule: "1 to 256 characters, not starting with http:// or https://", doc: "Description of the interface.", example: "This is my ENI.", choices: [], unit: "", ignored: "", refused: "" },
      { name: "SecurityGroupId", required: false, rule: "text", doc: "Security group of the interface; kept and given back, the host's rules decide.", example: "sg-bp1fg655nh68xyz9i4x5", choices: [], unit: "", ignored: "", refused: "" },
      { name: "SecurityGroupIds.N", required: false, rule: "list of at most 16, each: text", doc: "Security groups of the interface, likewise.", example: "sg-bp1fg655nh68xyz9i4x5", choices: [], unit: "", ignored: "", refused: "" },
      { name: "ResourceGroupId", required: false, rule: "text", doc: "Resource group; the account's default group if absent.", example: "rg-acfmxazdjdhd123", choices: [], unit: "", ignored: "", refused: "" },
      { name: "Tag.N.Key", required: true, rule: "1 to 128 characters, not starting with aliyun or acs:, not containing http:// or https://", doc: "Key of the tag.", example: "FinanceDept", choices: [], unit: "", ignored: "", refused: "" },
      { name: "Tag.N.Value", required: false, rule: "0 to 128 characters, not starting with aliyun or acs:, not containing http:// or https://", doc: "Value of the tag; may be empty.", example: "FinanceJoshua", choices: [], unit: "", ignored: "", refused: "" },
      { name: "ClientToken", required: false, rule: "1 to 64 characters, ASCII without blanks", doc: "Idempotency token.", example: "123e4567-e89b-12d3-a456-426655440000", choices: [], unit: "", ignored: "a repeated call is carried out again", refused: "" },
    ],
    failures: ["MissingParameter", "InvalidRegionId.NotFound", "INVALID_PARAMETER", "ParameterInvalid", "InvalidPrivateIpAddress.Malformed", "InvalidIpv6Address.Malformed", "InvalidVSwitchId.NotFound", "InvalidPrivateIpAddress.Duplicated", "InvalidIpv6Address.Duplicated", "IllegalParam.ResourceGroupId", "InvalidVSwitch.IpAddressNotEnough", "QuotaExceeded.Eni"],
  },
  "ecs:DescribeNetworkInterfaces": {
    product: "Ecs",
    version: "2014-05-26",
    name: "DescribeNetworkInterfaces",
    summary: "List network interfaces.",
    writes: false,
    parameters: [
      { name: "RegionId", required: true, rule: "text", doc: "Region of the interfaces.", example: "cn-hangzhou", choices: [], unit: "", ignored: "", refused: "" },
      { name: "NetworkInterfaceId.N", required: false, rule: "list of at most 100, each: text", doc: "Interfaces to list.", example: "eni-bp1d66qjxb3qoin3a2b4", choices: [], unit: "", ignored: "", refused: "" },
      { name: "NetworkInterfaceName", required: false, rule: "text", doc: "Its name.", example: "guest-1", choices: [], unit: "", ignored: "", refused: "" },
      { name: "VpcId", required: false, rule: "text", doc: "Its VPC.", example: "vpc-bp1nwd16gvo1wgs7v5m2t", choices: [], unit: "", ignored: "", refused: "" },
      { name: "VSwitchId", required: false, rule: "text", doc: "Its VSwitch.", example: "vsw-bp1s5fnvk4gn2tws03624", choices: [], unit: "", ignored: "", refused: "" },
      { name: "InstanceId", required: false, rule: "text", doc: "Instance it is attached to.", example: "i-bp1a5zr3u7nq9cx8t2ab", choices: [], unit: "", ignored: "", refused: "" },
      { name: "Type", required: false, rule: "`Primary`, `Secondary`, `Trunk`, `Member`", doc: "Its kind.", example: "Secondary", choices: ["Primary", "Secondary", "Trunk", "Member"], unit: "", ignored: "", refused: "" },
      { name: "Status", required: false, rule: "`Available`, `InUse`, `Creating`, `Attaching`, `Detaching`, `Deleting`, `CreateFailed`", doc: "Its state.", example: "InUse", choices: ["Available", "InUse", "Creating", "Attaching", "Detaching", "Deleting", "CreateFailed"], unit: "", ignored: "", refused: "" },
      { name: "PrimaryIpAddress", required: false, rule: "IPv4 address", doc: "Its primary private IPv4 address.", example: "10.0.1.7", choices: [], unit: "", ignored: "", refused: "" },
      { name: "PrivateIpAddress.N", required: false, rule: "list of at most 100, each: IPv4 address", doc: "Any of its private IPv4 addresses.", example: "10.0.1.8", choices: [], unit: "", ignored: "", refused: "" },
      { name: "SecurityGroupId", required: false, rule: "text", doc: "Its security group.", example: "sg-bp1fg655nh68xyz9i4x5", choices: [], unit: "", ignored: "", refused: "" },
      { name: "ResourceGroupId", required: false, rule: "text", doc: "Its resource group.", example: "rg-acfmxazdjdhd123", choices: [], unit: "", ignored: "", refused: "" },
      { name: "Tag.N.Key", required: true, rule: "1 to 128 characters", doc: "Key of the tag.", example: "FinanceDept", choices: [], unit: "", ignored: "", refused: "" },
      { name: "Tag.N.Value", required: false, rule: "0 to 128 characters", doc: "Value of the tag; absent: any.", example: "FinanceJoshua", choices: [], unit: "", ignored: "", refused: "" },
      { name: "PageNumber", required: false, rule: "integer, 1 to 2147483647", doc: "Page to show, the first is 1.", example: "1", choices: [], unit: "", ignored: "", refused: "" },
      { name: "PageSize", required: false, rule: "integer, 1 to 100", doc: "Interfaces per page.", example: "10", choices: [], unit: "", ignored: "", refused: "" },
    ],
    failures: ["MissingParameter", "InvalidRegionId.NotFound", "INVALID_PARAMETER", "ParameterInvalid"],
  },
  "ecs:DeleteNetworkInterface": {
    product: "Ecs",
    version: "2014-05-26",
    name: "DeleteNetworkInterface",
    summary: "Delete a network interface that is bound to no device.",
    writes: true,
    parameters: [
      { name: "RegionId", required: true, rule: "text", doc: "Region of the interface.", example: "cn-hangzhou", choices: [], unit: "", ignored: "", refused: "" },
      { name: "NetworkInterfaceId", required: true, rule: "text", doc: "The interface.", example: "eni-bp1d66qjxb3qoin3a2b4", choices: [], unit: "", ignored: "", refused: "" },
    ],
    failures: ["MissingParameter", "InvalidRegionId.NotFound", "ParameterInvalid", "InvalidEniId.NotFound", "InvalidOperation.InvalidEniState"],
  },
  "ecs:AttachNetworkInterface": {
    product: "Ecs",
    version: "2014-05-26",
    name: "AttachNetworkInterface",
    summary: "Attach a network interface to an instance.",
    writes: true,
    parameters: [
      { name: "RegionId", required: true, rule: "text", doc: "Region of the interface.", example: "cn-hangzhou", choices: [], unit: "", ignored: "", refused: "" },
      { name: "NetworkInterfaceId", required: true, rule: "text", doc: "The interface.", example: "eni-bp1d66qjxb3qoin3a2b4", choices: [], unit: "", ignored: "", refused: "" },
      { name: "InstanceId", required: true, rule: "text", doc: "The instance.", example: "i-bp1a5zr3u7nq9cx8t2ab", choices: [], unit: "", ignored: "", refused: "" },
      { name: "TrunkNetworkInstanceId", required: false, rule: "text", doc: "Trunk interface of the same instance; the interface becomes its member.", example: "eni-bp14v2sdd3v8htlnw6x9", choices: [], unit: "", ignored: "", refused: "" },
      { name: "WaitForNetworkConfigurationReady", required: false, rule: "`true`, `false`", doc: "Wait inside the instance.", example: "false", choices: [], unit: "", ignored: "Weir runs no instances", refused: "" },
    ],
    failures: ["MissingParameter", "InvalidRegionId.NotFound", "INVALID_PARAMETER", "ParameterInvalid", "InvalidEniId.NotFound", "InvalidEcsId.NotFound", "InvalidOperation.InvalidEniState", "InvalidOperation.InvalidEniType"],
  },
  "ecs:DetachNetworkInterface": {
    product: "Ecs",
    version: "2014-05-26",
    name: "DetachNetworkInterface",
    summary: "Detach a network interface from its instance.",
    writes: true,
    parameters: [
      { name: "RegionId", required: true, rule: "text", doc: "Region of the interface.", example: "cn-hangzhou", choices: [], unit: "", ignored: "", refused: "" },
      { name: "NetworkInterfaceId", required: true, rule: "text", doc: "The interface.", example: "eni-bp1d66qjxb3qoin3a2b4", choices: [], unit: "", ignored: "", refused: "" },
      { name: "InstanceId", required: true, rule: "text", doc: "The instance.", example: "i-bp1a5zr3u7nq9cx8t2ab", choices: [], unit: "", ignored: "", refused: "" },
      { name: "TrunkNetworkInstanceId", required: false, rule: "text", doc: "Trunk interface it is a member of.", example: "eni-bp14v2sdd3v8htlnw6x9", choices: [], unit: "", ignored: "an interface is a member of one trunk at most", refused: "" },
    ],
    failures: ["MissingParameter", "InvalidRegionId.NotFound", "ParameterInvalid", "InvalidEniId.NotFound", "InvalidEcsId.NotFound", "InvalidOperation.InvalidEniState", "InvalidOperation.DetachPrimaryEniNotAllowed", "InvalidOperation.HasMemberEniAttached"],
  },
  "ecs:ModifyNetworkInterfaceAttribute": {
    product: "Ecs",
    version: "2014-05-26",
    name: "ModifyNetworkInterfaceAttribute",
    summary: "Change the name, description or security groups of a network interface.",
    writes: true,
    parameters: [
      { name: "RegionId", required: true, rule: "text", doc: "Region of the interface.", example: "cn-hangzhou", choices: [], unit: "", ignored: "", refused: "" },
      { name: "NetworkInterfaceId", required: true, rule: "text", doc: "The interface.", example: "eni-bp1d66qjxb3qoin3a2b4", choices: [], unit: "", ignored: "", refused: "" },
      { name: "NetworkInterfaceName", required: false, rule: "1 to 128 characters, not starting with http:// or https://", doc: "New name.", example: "guest-1", choices: [], unit: "", ignored: "", refused: "" },
      { name: "Description", required: false, rule: "1 to 256 characters, not starting with http:// or https://", doc: "New description.", example: "This is my ENI.", choices: [], unit: "", ignored: "", refused: "" },
      { name: "SecurityGroupId.N", required: false, rule: "list of at most 16, each: text", doc: "New security groups, in place of all present ones; kept and given back.", example: "sg-bp1fg655nh68xyz9i4x5", choices: [], unit: "", ignored: "", refused: "" },
    ],
    failures: ["MissingParameter", "InvalidRegionId.NotFound", "INVALID_PARAMETER", "ParameterInvalid", "InvalidEniId.NotFound"],
  },
  "resourcemanager:CreateResourceGroup": {
    product: "ResourceManager",
    version: "2020-03-31",
    name: "CreateResourceGroup",
    summary: "Create a resource group.",
    writes: true,
    parameters: [
      { name: "Name", required: true, rule: "3 to 50 characters, letters, digits, hyphens and underscores, the first a letter", doc: "Name of the group.", example: "my-project", choices: [], unit: "", ignored: "", refused: "" },
      { name: "DisplayName", required: true, rule: "1 to 50 characters", doc: "Name for people.", example: "My project", choices: [], unit: "", ignored: "", refused: "" },
    ],
    failures: ["MissingParameter", "ParameterInvalid", "EntityAlreadyExists.ResourceGroup", "LimitExceeded.ResourceGroup"],
  },
  "resourcemanager:GetResourceGroup": {
    product: "ResourceManager",
    version: "2020-03-31",
    name: "GetResourceGroup",
    summary: "Show one resource group.",
    writes: false,
    parameters: [
      { name: "ResourceGroupId", required: true, rule: "text", doc: "The group.", example: "rg-acfmxazdjdhd123", choices: [], unit: "", ignored: "", refused: "" },
    ],
    failures: ["MissingParameter", "ParameterInvalid", "EntityNotExist.ResourceGroup"],
  },
  "resourcemanager:ListResourceGroups": {
    product: "ResourceManager",
    version: "2020-03-31",
    name: "ListResourceGroups",
    summary: "List the account's resource groups.",
    writes: false,
    parameters: [
      { name: "ResourceGroupId", required: false, rule: "text", doc: "The group.", example: "rg-acfmxazdjdhd123", choices: [], unit: "", ignored: "", refused: "" },
      { name: "Name", required: false, rule: "text", doc: "Its name.", example: "my-project", choices: [], unit: "", ignored: "", refused: "" },
      { name: "DisplayName", required: false, rule: "text", doc: "Its name for people.", example: "My project", choices: [], unit: "", ignored: "", refused: "" },
      { name: "Status", required: false, rule: "text", doc: "Its state.", example: "OK", choices: [], unit: "", ignored: "every group is usable", refused: "" },
      { name: "PageNumber", required: false, rule: "integer, 1 to 2147483647", doc: "Page to show, the first is 1.", example: "1", choices: [], unit: "", ignored: "", refused: "" },
      { name: "PageSize", required: false, rule: "integer, 1 to 100", doc: "Groups per page.", example: "10", choices: [], unit: "", ignored: "", refused: "" },
    ],
    failures: ["INVALID_PARAMETER", "ParameterInvalid"],
  },
  "ram:CreateUser": {
    product: "Ram",
    version: "2015-05-01",
    name: "CreateUser",
    summary: "Create a RAM user.",
    writes: true,
    parameters: [
      { name: "UserName", required: true, rule: "1 to 64 characters, letters, digits and any of . - _ @", doc: "Name of the new user.", example: "alice", choices: [], unit: "", ignored: "", refused: "" },
      { name: "DisplayName", required: false, rule: "1 to 128 characters", doc: "Name for people.", example: "Alice", choices: [], unit: "", ignored: "", refused: "" },
      { name: "MobilePhone", required: false, rule: "1 to 32 characters", doc: "Phone number; kept and given back.", example: "86-18600008888", choices: [], unit: "", ignored: "", refused: "" },
      { name: "Email", required: false, rule: "1 to 128 characters", doc: "Mail address; kept and given back.", example: "alice@example.com", choices: [], unit: "", ignored: "", refused: "" },
      { name: "Comments", required: false, rule: "1 to 128 characters", doc: "Free text.", example: "reads flow logs", choices: [], unit: "", ignored: "", refused: "" },
    ],
    failures: ["MissingParameter", "ParameterInvalid", "EntityAlreadyExists.User", "LimitExceeded.User"],
  },
  "ram:GetUser": {
    product: "Ram",
    version: "2015-05-01",
    name: "GetUser",
    summary: "Show a RAM user.",
    writes: false,
    parameters: [
      { name: "UserName", required: true, rule: "1 to 64 characters, letters, digits and any of . - _ @", doc: "The RAM user.", example: "alice", choices: [], unit: "", ignored: "", refused: "" },
    ],
    failures: ["MissingParameter", "ParameterInvalid", "EntityNotExist.User"],
  },
  "ram:ListUsers": {
    product: "Ram",
    version: "2015-05-01",
    name: "ListUsers",
    summary: "List the RAM users.",
    writes: false,
    parameters: [
      { name: "Marker", required: false, rule: "1 to 128 characters", doc: "Marker of the page before.", example: "alice", choices: [], unit: "", ignored: "", refused: "" },
      { name: "MaxItems", required: false, rule: "integer, 1 to 1000", doc: "Items per page.", example: "100", choices: [], unit: "", ignored: "", refused: "" },
    ],
    failures: ["INVALID_PARAMETER", "ParameterInvalid"],
  },
  "ram:DeleteUser": {
    product: "Ram",
    version: "2015-05-01",
    name: "DeleteUser",
    summary: "Delete a RAM user.",
    writes: true,
    parameters: [
      { name: "UserName", required: true, rule: "1 to 64 characters, letters, digits and any of . - _ @", doc: "The RAM user.", example: "alice", choices: [], unit: "", ignored: "", refused: "" },
    ],
    failures: ["MissingParameter", "ParameterInvalid", "EntityNotExist.User", "DeleteConflict.User.AccessKey", "DeleteConflict.User.Group", "DeleteConflict.User.Policy"],
  },
  "ram:CreateAccessKey": {
    product: "Ram",
    version: "2015-05-01",
    name: "CreateAccessKey",
    summary: "Make an AccessKey.",
    writes: true,
    parameters: [
      { name: "UserName", required: false, rule: "1 to 64 characters, letters, digits and any of . - _ @", doc: "The RAM user; the caller's own keys if absent.", example: "alice", choices: [], unit: "", ignored: "", refused: "" },
    ],
    failures: ["ParameterInvalid", "EntityNotExist.User", "LimitExceeded.User.AccessKey"],
  },
  "ram:UpdateAccessKey": {
    product: "Ram",
    version: "2015-05-01",
    name: "UpdateAccessKey",
    summary: "Disable or enable an AccessKey.",
    writes: true,
    parameters: [
      { name: "UserName", required: false, rule: "1 to 64 characters, letters, digits and any of . - _ @", doc: "The RAM user; the caller's own keys if absent.", example: "alice", choices: [], unit: "", ignored: "", refused: "" },
      { name: "UserAccessKeyId", required: true, rule: "text", doc: "The AccessKey.", example: "LTAI5tExampleExampleExam", choices: [], unit: "", ignored: "", refused: "" },
      { name: "Status", required: true, rule: "`Active`, `Inactive`", doc: "`Inactive` disables it, `Active` enables it.", example: "Inactive", choices: ["Active", "Inactive"], unit: "", ignored: "", refused: "" },
    ],
    failures: ["MissingParameter", "ParameterInvalid", "EntityNotExist.User", "EntityNotExist.User.AccessKey"],
  },
  "ram:DeleteAccessKey": {
    product: "Ram",
    version: "2015-05-01",
    name: "DeleteAccessKey",
    summary: "Delete an AccessKey.",
    writes: true,
    parameters: [
      { name: "UserName", required: false, rule: "1 to 64 characters, letters, digits and any of . - _ @", doc: "The RAM user; the caller's own keys if absent.", example: "alice", choices: [], unit: "", ignored: "", refused: "" },
      { name: "UserAccessKeyId", required: true, rule: "text", doc: "The AccessKey.", example: "LTAI5tExampleExampleExam", choices: [], unit: "", ignored: "", refused: "" },
    ],
    failures: ["MissingParameter", "ParameterInvalid", "EntityNotExist.User", "EntityNotExist.User.AccessKey"],
  },
  "ram:ListAccessKeys": {
    product: "Ram",
    version: "2015-05-01",
    name: "ListAccessKeys",
    summary: "List AccessKeys.",
    writes: false,
    parameters: [
      { name: "UserName", required: false, rule: "1 to 64 characters, letters, digits and any of . - _ @", doc: "The RAM user; the caller's own keys if absent.", example: "alice", choices: [], unit: "", ignored: "", refused: "" },
    ],
    failures: ["ParameterInvalid", "EntityNotExist.User"],
  },
  "ram:CreateGroup": {
    product: "Ram",
    version: "2015-05-01",
    name: "CreateGroup",
    summary: "Create a group.",
    writes: true,
    parameters: [
      { name: "GroupName", required: true, rule: "1 to 64 characters, letters, digits and any of . - _", doc: "The group.", example: "observers", choices: [], unit: "", ignored: "", refused: "" },
      { name: "Comments", required: false, rule: "1 to 128 characters", doc: "Free text.", example: "may look, not touch", choices: [], unit: "", ignored: "", refused: "" },
    ],
    failures: ["MissingParameter", "ParameterInvalid", "EntityAlreadyExists.Group", "LimitExceeded.Group"],
  },
  "ram:GetGroup": {
    product: "Ram",
    version: "2015-05-01",
    name: "GetGroup",
    summary: "Show a group.",
    writes: false,
    parameters: [
      { name: "GroupName", required: true, rule: "1 to 64 characters, letters, digits and any of . - _", doc: "The group.", example: "observers", choices: [], unit: "", ignored: "", refused: "" },
    ],
    failures: ["MissingParameter", "ParameterInvalid", "EntityNotExist.Group"],
  },
  "ram:ListGroups": {
    product: "Ram",
    version: "2015-05-01",
    name: "ListGroups",
    summary: "List the groups.",
    writes: false,
    parameters: [
      { name: "Marker", required: false, rule: "1 to 128 characters", doc: "Marker of the page before.", example: "alice", choices: [], unit: "", ignored: "", refused: "" },
      { name: "MaxItems", required: false, rule: "integer, 1 to 1000", doc: "Items per page.", example: "100", choices: [], unit: "", ignored: "", refused: "" },
    ],
    failures: ["INVALID_PARAMETER", "ParameterInvalid"],
  },
  "ram:DeleteGroup": {
    product: "Ram",
    version: "2015-05-01",
    name: "DeleteGroup",
    summary: "Delete a group.",
    writes: true,
    parameters: [
      { name: "GroupName", required: true, rule: "1 to 64 characters, letters, digits and any of . - _", doc: "The group.", example: "observers", choices: [], unit: "", ignored: "", refused: "" },
    ],
    failures: ["MissingParameter", "ParameterInvalid", "EntityNotExist.Group", "DeleteConflict.Group.User", "DeleteConflict.Group.Policy"],
  },
  "ram:AddUserToGroup": {
    product: "Ram",
    version: "2015-05-01",
    name: "AddUserToGroup",
    summary: "Make a RAM user a member of a group.",
    writes: true,
    parameters: [
      { name: "UserName", required: true, rule: "1 to 64 characters, letters, digits and any of . - _ @", doc: "The RAM user.", example: "alice", choices: [], unit: "", ignored: "", refused: "" },
      { name: "GroupName", required: true, rule: "1 to 64 characters, letters, digits and any of . - _", doc: "The group.", example: "observers", choices: [], unit: "", ignored: "", refused: "" },
    ],
    failures: ["MissingParameter", "ParameterInvalid", "EntityNotExist.User", "EntityNotExist.Group", "EntityAlreadyExists.User.Group"],
  },
  "ram:RemoveUserFromGroup": {
    product: "Ram",
    version: "2015-05-01",
    name: "RemoveUserFromGroup",
    summary: "End a RAM user's membership of a group.",
    writes: true,
    parameters: [
      { name: "UserName", required: true, rule: "1 to 64 characters, letters, digits and any of . - _ @", doc: "The RAM user.", example: "alice", choices: [], unit: "", ignored: "", refused: "" },
      { name: "GroupName", required: true, rule: "1 to 64 characters, letters, digits and any of . - _", doc: "The group.", example: "observers", choices: [], unit: "", ignored: "", refused: "" },
    ],
    failures: ["MissingParameter", "ParameterInvalid", "EntityNotExist.User", "EntityNotExist.Group", "EntityNotExist.User.Group"],
  },
  "ram:ListUsersForGroup": {
    product: "Ram",
    version: "2015-05-01",
    name: "ListUsersForGroup",
    summary: "List the members of a group.",
    writes: false,
    parameters: [
      { name: "GroupName", required: true, rule: "1 to 64 characters, letters, digits and any of . - _", doc: "The group.", example: "observers", choices: [], unit: "", ignored: "", refused: "" },
      { name: "Marker", required: false, rule: "1 to 128 characters", doc: "Marker of the page before.", example: "alice", choices: [], unit: "", ignored: "", refused: "" },
      { name: "MaxItems", required: false, rule: "integer, 1 to 1000", doc: "Items per page.", example: "100", choices: [], unit: "", ignored: "", refused: "" },
    ],
    failures: ["MissingParameter", "INVALID_PARAMETER", "ParameterInvalid", "EntityNotExist.Group"],
  },
  "ram:ListGroupsForUser": {
    product: "Ram",
    version: "2015-05-01",
    name: "ListGroupsForUser",
    summary: "List the groups of a RAM user.",
    writes: false,
    parameters: [
      { name: "UserName", required: true, rule: "1 to 64 characters, letters, digits and any of . - _ @", doc: "The RAM user.", example: "alice", choices: [], unit: "", ignored: "", refused: "" },
    ],
    failures: ["MissingParameter", "ParameterInvalid", "EntityNotExist.User"],
  },
  "ram:CreatePolicy": {
    product: "Ram",
    version: "2015-05-01",
    name: "CreatePolicy",
    summary: "Create a custom policy.",
    writes: true,
    parameters: [
      { name: "PolicyName", required: true, rule: "1 to 128 characters, letters, digits and hyphens", doc: "The policy.", example: "ReadFlows", choices: [], unit: "", ignored: "", refused: "" },
      { name: "PolicyDocument", required: true, rule: "1 to 6144 characters", doc: "The policy in the policy language.", example: "{\"Version\":\"1\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"vpc:DescribeFlowLogs\",\"Resource\":\"acs:vpc:*:*:flowlog/*\"}]}", choices: [], unit: "", ignored: "", refused: "" },
      { name: "Description", required: false, rule: "1 to 1024 characters", doc: "Free text.", example: "may list flow logs", choices: [], unit: "", ignored: "", refused: "" },
    ],
    failures: ["MissingParameter", "ParameterInvalid", "MalformedPolicyDocument", "EntityAlreadyExists.Policy", "LimitExceeded.Policy"],
  },
  "ram:GetPolicy": {
    product: "Ram",
    version: "2015-05-01",
    name: "GetPolicy",
    summary: "Show a policy with its document.",
    writes: false,
    parameters: [
      { name: "PolicyName", required: true, rule: "1 to 128 characters, letters, digits and hyphens", doc: "The policy.", example: "ReadFlows", choices: [], unit: "", ignored: "", refused: "" },
      { name: "PolicyType", required: true, rule: "`System`, `Custom`", doc: "`System`: built in; `Custom`: made by the account.", example: "Custom", choices: ["System", "Custom"], unit: "", ignored: "", refused: "" },
    ],
    failures: ["MissingParameter", "ParameterInvalid", "EntityNotExist.Policy"],
  },
  "ram:ListPolicies": {
    product: "Ram",
    version: "2015-05-01",
    name: "ListPolicies",
    summary: "List policies.",
    writes: false,
    parameters: [
      { name: "PolicyType", required: false, rule: "`System`, `Custom`", doc: "`System`: built in; `Custom`: made by the account.", example: "Custom", choices: ["System", "Custom"], unit: "", ignored: "", refused: "" },
      { name: "Marker", required: false, rule: "1 to 128 characters", doc: "Marker of the page before.", example: "alice", choices: [], unit: "", ignored: "", refused: "" },
      { name: "MaxItems", required: false, rule: "integer, 1 to 1000", doc: "Items per page.", example: "100", choices: [], unit: "", ignored: "", refused: "" },
    ],
    failures: ["INVALID_PARAMETER", "ParameterInvalid"],
  },
  "ram:DeletePolicy": {
    product: "Ram",
    version: "2015-05-01",
    name: "DeletePolicy",
    summary: "Delete a custom policy.",
    writes: true,
    parameters: [
      { name: "PolicyName", required: true, rule: "1 to 128 characters, letters, digits and hyphens", doc: "The policy.", example: "ReadFlows", choices: [], unit: "", ignored: "", refused: "" },
    ],
    failures: ["MissingParameter", "ParameterInvalid", "EntityNotExist.Policy", "DeleteConflict.Policy.User", "DeleteConflict.Policy.Group", "DeleteConflict.Policy.Role"],
  },
  "ram:AttachPolicyToUser": {
    product: "Ram",
    version: "2015-05-01",
    name: "AttachPolicyToUser",
    summary: "Attach a policy to a RAM user.",
    writes: true,
    parameters: [
      { name: "PolicyType", required: true, rule: "`System`, `Custom`", doc: "`System`: built in; `Custom`: made by the account.", example: "Custom", choices: ["System", "Custom"], unit: "", ignored: "", refused: "" },
      { name: "PolicyName", required: true, rule: "1 to 128 characters, letters, digits and hyphens", doc: "The policy.", example: "ReadFlows", choices: [], unit: "", ignored: "", refused: "" },
      { name: "UserName", required: true, rule: "1 to 64 characters, letters, digits and any of . - _ @", doc: "The RAM user.", example: "alice", choices: [], unit: "", ignored: "", refused: "" },
    ],
    failures: ["MissingParameter", "ParameterInvalid", "EntityNotExist.User", "EntityNotExist.Policy", "EntityAlreadyExists.User.Policy"],
  },
  "ram:AttachPolicyToGroup": {
    product: "Ram",
    version: "2015-05-01",
    name: "AttachPolicyToGroup",
    summary: "Attach a policy to a group.",
    writes: true,
    parameters: [
      { name: "PolicyType", required: true, rule: "`System`, `Custom`", doc: "`System`: built in; `Custom`: made by the account.", example: "Custom", choices: ["System", "Custom"], unit: "", ignored: "", refused: "" },
      { name: "PolicyName", required: true, rule: "1 to 128 characters, letters, digits and hyphens", doc: "The policy.", example: "ReadFlows", choices: [], unit: "", ignored: "", refused: "" },
      { name: "GroupName", required: true, rule: "1 to 64 characters, letters, digits and any of . - _", doc: "The group.", example: "observers", choices: [], unit: "", ignored: "", refused: "" },
    ],
    failures: ["MissingParameter", "ParameterInvalid", "EntityNotExist.Group", "EntityNotExist.Policy", "EntityAlreadyExists.Group.Policy"],
  },
  "ram:AttachPolicyToRole": {
    product: "Ram",
    version: "2015-05-01",
    name: "AttachPolicyToRole",
    summary: "Attach a policy to a role.",
    writes: true,
    parameters: [
      { name: "PolicyType", required: true, rule: "`System`, `Custom`", doc: "`System`: built in; `Custom`: made by the account.", example: "Custom", choices: ["System", "Custom"], unit: "", ignored: "", refused: "" },
      { name: "PolicyName", required: true, rule: "1 to 128 characters, letters, digits and hyphens", doc: "The policy.", example: "ReadFlows", choices: [], unit: "", ignored: "", refused: "" },
      { name: "RoleName", required: true, rule: "1 to 64 characters, letters, digits and any of . - _", doc: "The role.", example: "flow-reader", choices: [], unit: "", ignored: "", refused: "" },
    ],
    failures: ["MissingParameter", "ParameterInvalid", "EntityNotExist.Role", "EntityNotExist.Policy", "EntityAlreadyExists.Role.Policy"],
  },
  "ram:DetachPolicyFromUser": {
    product: "Ram",
    version: "2015-05-01",
    name: "DetachPolicyFromUser",
    summary: "Detach a policy from a RAM user.",
    writes: true,
    parameters: [
      { name: "PolicyType", required: true, rule: "`System`, `Custom`", doc: "`System`: built in; `Custom`: made by the account.", example: "Custom", choices: ["System", "Custom"], unit: "", ignored: "", refused: "" },
      { name: "PolicyName", required: true, rule: "1 to 128 characters, letters, digits and hyphens", doc: "The policy.", example: "ReadFlows", choices: [], unit: "", ignored: "", refused: "" },
      { name: "UserName", required: true, rule: "1 to 64 characters, letters, digits and any of . - _ @", doc: "The RAM user.", example: "alice", choices: [], unit: "", ignored: "", refused: "" },
    ],
    failures: ["MissingParameter", "ParameterInvalid", "EntityNotExist.User", "EntityNotExist.User.Policy"],
  },
  "ram:DetachPolicyFromGroup": {
    product: "Ram",
    version: "2015-05-01",
    name: "DetachPolicyFromGroup",
    summary: "Detach a policy from a group.",
    writes: true,
    parameters: [
      { name: "PolicyType", required: true, rule: "`System`, `Custom`", doc: "`System`: built in; `Custom`: made by the account.", example: "Custom", choices: ["System", "Custom"], unit: "", ignored: "", refused: "" },
      { name: "PolicyName", required: true, rule: "1 to 128 characters, letters, digits and hyphens", doc: "The policy.", example: "ReadFlows", choices: [], unit: "", ignored: "", refused: "" },
      { name: "GroupName", required: true, rule: "1 to 64 characters, letters, digits and any of . - _", doc: "The group.", example: "observers", choices: [], unit: "", ignored: "", refused: "" },
    ],
    failures: ["MissingParameter", "ParameterInvalid", "EntityNotExist.Group", "EntityNotExist.Group.Policy"],
  },
  "ram:DetachPolicyFromRole": {
    product: "Ram",
    version: "2015-05-01",
    name: "DetachPolicyFromRole",
    summary: "Detach a policy from a role.",
    writes: true,
    parameters: [
      { name: "PolicyType", required: true, rule: "`System`, `Custom`", doc: "`System`: built in; `Custom`: made by the account.", example: "Custom", choices: ["System", "Custom"], unit: "", ignored: "", refused: "" },
      { name: "PolicyName", required: true, rule: "1 to 128 characters, letters, digits and hyphens", doc: "The policy.", example: "ReadFlows", choices: [], unit: "", ignored: "", refused: "" },
      { name: "RoleName", required: true, rule: "1 to 64 characters, letters, digits and any of . - _", doc: "The role.", example: "flow-reader", choices: [], unit: "", ignored: "", refused: "" },
    ],
    failures: ["MissingParameter", "ParameterInvalid", "EntityNotExist.Role", "EntityNotExist.Role.Policy"],
  },
  "ram:ListPoliciesForUser": {
    product: "Ram",
    version: "2015-05-01",
    name: "ListPoliciesForUser",
    summary: "List the policies attached to a RAM user.",
    writes: false,
    parameters: [
      { name: "UserName", required: true, rule: "1 to 64 characters, letters, digits and any of . - _ @", doc: "The RAM user.", example: "alice", choices: [], unit: "", ignored: "", refused: "" },
    ],
    failures: ["MissingParameter", "ParameterInvalid", "EntityNotExist.User"],
  },
  "ram:ListPoliciesForGroup": {
    product: "Ram",
    version: "2015-05-01",
    name: "ListPoliciesForGroup",
    summary: "List the policies attached to a group.",
    writes: false,
    parameters: [
      { name: "GroupName", required: true, rule: "1 to 64 characters, letters, digits and any of . - _", doc: "The group.", example: "observers", choices: [], unit: "", ignored: "", refused: "" },
    ],
    failures: ["MissingParameter", "ParameterInvalid", "EntityNotExist.Group"],
  },
  "ram:ListPoliciesForRole": {
    product: "Ram",
    version: "2015-05-01",
    name: "ListPoliciesForRole",
    summary: "List the policies attached to a role.",
    writes: false,
    parameters: [
      { name: "RoleName", required: true, rule: "1 to 64 characters, letters, digits and any of . - _", doc: "The role.", example: "flow-reader", choices: [], unit: "", ignored: "", refused: "" },
    ],
    failures: ["MissingParameter", "ParameterInvalid", "EntityNotExist.Role"],
  },
  "ram:CreateRole": {
    product: "Ram",
    version: "2015-05-01",
    name: "CreateRole",
    summary: "Create a role.",
    writes: true,
    parameters: [
      { name: "RoleName", required: true, rule: "1 to 64 characters, letters, digits and any of . - _", doc: "The role.", example: "flow-reader", choices: [], unit: "", ignored: "", refused: "" },
      { name: "AssumeRolePolicyDocument", required: true, rule: "1 to 6144 characters", doc: "Trust policy: the RAM identities that may assume the role.", example: "{\"Version\":\"1\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"sts:AssumeRole\",\"Principal\":{\"RAM\":[\"acs:ram::1234567890123456:root\"]}}]}", choices: [], unit: "", ignored: "", refused: "" },
      { name: "Description", required: false, rule: "1 to 1024 characters", doc: "Free text.", example: "reads flow logs", choices: [], unit: "", ignored: "", refused: "" },
      { name: "MaxSessionDuration", required: false, rule: "integer, 3600 to 43200", doc: "Longest session.", example: "3600", choices: [], unit: "seconds", ignored: "", refused: "" },
    ],
    failures: ["MissingParameter", "INVALID_PARAMETER", "ParameterInvalid", "MalformedPolicyDocument", "EntityAlreadyExists.Role", "LimitExceeded.Role"],
  },
  "ram:GetRole": {
    product: "Ram",
    version: "2015-05-01",
    name: "GetRole",
    summary: "Show a role.",
    writes: false,
    parameters: [
      { name: "RoleName", required: true, rule: "1 to 64 characters, letters, digits and any of . - _", doc: "The role.", example: "flow-reader", choices: [], unit: "", ignored: "", refused: "" },
    ],
    failures: ["MissingParameter", "ParameterInvalid", "EntityNotExist.Role"],
  },
  "ram:UpdateRole": {
    product: "Ram",
    version: "2015-05-01",
    name: "UpdateRole",
    summary: "Change a role's trust policy or its longest session.",
    writes: true,
    parameters: [
      { name: "RoleName", required: true, rule: "1 to 64 characters, letters, digits and any of . - _", doc: "The role.", example: "flow-reader", choices: [], unit: "", ignored: "", refused: "" },
      { name: "NewAssumeRolePolicyDocument", required: false, rule: "1 to 6144 characters", doc: "New trust policy.", example: "{\"Version\":\"1\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"sts:AssumeRole\",\"Principal\":{\"RAM\":[\"acs:ram::1234567890123456:root\"]}}]}", choices: [], unit: "", ignored: "", refused: "" },
      { name: "NewMaxSessionDuration", required: false, rule: "integer, 3600 to 43200", doc: "New longest session.", example: "3600", choices: [], unit: "seconds", ignored: "", refused: "" },
    ],
    failures: ["MissingParameter", "INVALID_PARAMETER", "ParameterInvalid", "MalformedPolicyDocument", "EntityNotExist.Role"],
  },
  "ram:ListRoles": {
    product: "Ram",
    version: "2015-05-01",
    name: "ListRoles",
    summary: "List the roles.",
    writes: false,
    parameters: [
      { name: "Marker", required: false, rule: "1 to 128 characters", doc: "Marker of the page before.", example: "alice", choices: [], unit: "", ignored: "", refused: "" },
      { name: "MaxItems", required: false, rule: "integer, 1 to 1000", doc: "Items per page.", example: "100", choices: [], unit: "", ignored: "", refused: "" },
    ],
    failures: ["INVALID_PARAMETER", "ParameterInvalid"],
  },
  "ram:DeleteRole": {
    product: "Ram",
    version: "2015-05-01",
    name: "DeleteRole",
    summary: "Delete a role.",
    writes: true,
    parameters: [
      { name: "RoleName", required: true, rule: "1 to 64 characters, letters, digits and any of . - _", doc: "The role.", example: "flow-reader", choices: [], unit: "", ignored: "", refused: "" },
    ],
    failures: ["MissingParameter", "ParameterInvalid", "EntityNotExist.Role", "DeleteConflict.Role.Policy"],
  },
  "sts:AssumeRole": {
    product: "Sts",
    version: "2015-04-01",
    name: "AssumeRole",
    summary: "Become a role for a while.",
    writes: true,
    parameters: [
      { name: "RoleArn", required: true, rule: "1 to 128 characters, acs:ram::ACCOUNT:role/NAME", doc: "The role.", example: "acs:ram::1234567890123456:role/flow-reader", choices: [], unit: "", ignored: "", refused: "" },
      { name: "RoleSessionName", required: true, rule: "2 to 64 characters, letters, digits and any of . @ - _", doc: "Name of the session, for logs.", example: "batch", choices: [], unit: "", ignored: "", refused: "" },
      { name: "Policy", required: false, rule: "1 to 2048 characters", doc: "Session policy.", example: "{\"Version\":\"1\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"vpc:DescribeFlowLogs\",\"Resource\":\"acs:vpc:*:*:flowlog/*\"}]}", choices: [], unit: "", ignored: "", refused: "" },
      { name: "DurationSeconds", required: false, rule: "integer, 900 to 43200", doc: "Length of the session; at most the role's MaxSessionDuration.", example: "3600", choices: [], unit: "seconds", ignored: "", refused: "" },
    ],
    failures: ["MissingParameter", "INVALID_PARAMETER", "ParameterInvalid", "InvalidParameter.RoleArn", "InvalidParameter.RoleSessionName", "InvalidParameter.PolicyGrammar", "NoPermission", "EntityNotExist.Role", "InvalidParameter.DurationSeconds"],
  },
  "sts:GetCallerIdentity": {
    product: "Sts",
    version: "2015-04-01",
    name: "GetCallerIdentity",
    summary: "Who signed this call.",
    writes: false,
    parameters: [
    ],
    failures: [],
  },
  "nis:CreateTrafficAnalyzer": {
    product: "Nis",
    version: "2021-12-16",
    name: "CreateTrafficAnalyzer",
    summary: "Create a traffic analyzer, to which flow logs can deliver.",
    writes: true,
    parameters: [
      { name: "RegionId", required: true, rule: "text", doc: "Region of the analyzer and of its flow logs.", example: "cn-hangzhou", choices: [], unit: "", ignored: "", refused: "" },
      { name: "TrafficAnalyzerName", required: false, rule: "1 to 128 characters, not starting with http:// or https://", doc: "Name of the analyzer.", example: "edge", choices: [], unit: "", ignored: "", refused: "" },
      { name: "Description", required: false, rule: "1 to 256 characters, not starting with http:// or https://", doc: "Description of the analyzer.", example: "Traffic of the edge.", choices: [], unit: "", ignored: "", refused: "" },
      { name: "AggregationInterval", required: false, rule: "`1`, `10`, `60`, `1440`", doc: "Finest step in which traffic is analysed; a flow log with a greater window cannot deliver to the analyzer.", example: "10", choices: ["1", "10", "60", "1440"], unit: "minutes", ignored: "", refused: "" },
      { name: "TupleDimension", required: false, rule: "`Tuple1`, `Tuple2`, `Tuple5`", doc: "Finest view on the traffic: by cloud address, by address pair, or by flow.", example: "Tuple5", choices: ["Tuple1", "Tuple2", "Tuple5"], unit: "", ignored: "", refused: "" },
      { name: "StorageDays", required: false, rule: "integer, 1 to 3650", doc: "How long records are kept.", example: "30", choices: [], unit: "days", ignored: "", refused: "" },
    ],
    failures: ["MissingParameter", "InvalidRegionId.NotFound", "OperationUnsupported.action", "INVALID_PARAMETER", "ParameterInvalid", "IllegalParam.AggregationInterval", "IllegalParam.TupleDimension", "QuotaExceeded.TrafficAnalyzer"],
  },
  "nis:DescribeTrafficAnalyzers": {
    product: "Nis",
    version: "2021-12-16",
    name: "DescribeTrafficAnalyzers",
    summary: "List traffic analyzers.",
    writes: false,
    parameters: [
      { name: "RegionId", required: true, rule: "text", doc: "Region of the analyzers.", example: "cn-hangzhou", choices: [], unit: "", ignored: "", refused: "" },
      { name: "TrafficAnalyzerId", required: false, rule: "text", doc: "The analyzer.", example: "nta-bp1x2y3z4a5b6c7d8e9f0", choices: [], unit: "", ignored: "", refused: "" },
      { name: "TrafficAnalyzerName", required: false, rule: "text", doc: "Its name.", example: "edge", choices: [], unit: "", ignored: "", refused: "" },
      { name: "Status", required: false, rule: "`Active`, `Inactive`", doc: "Its state.", example: "Active", choices: ["Active", "Inactive"], unit: "", ignored: "", refused: "" },
      { name: "PageNumber", required: false, rule: "integer, 1 to 2147483647", doc: "Page to show, the first is 1.", example: "1", choices: [], unit: "", ignored: "", refused: "" },
      { name: "PageSize", required: false, rule: "integer, 1 to 50", doc: "Analyzers per page.", example: "20", choices: [], unit: "", ignored: "", refused: "" },
    ],
    failures: ["MissingParameter", "InvalidRegionId.NotFound", "INVALID_PARAMETER", "ParameterInvalid"],
  },
  "nis:ActiveTrafficAnalyzer": {
    product: "Nis",
    version: "2021-12-16",
    name: "ActiveTrafficAnalyzer",
    summary: "Start a stopped traffic analyzer.",
    writes: true,
    parameters: [
      { name: "RegionId", required: true, rule: "text", doc: "Region of the analyzer.", example: "cn-hangzhou", choices: [], unit: "", ignored: "", refused: "" },
      { name: "TrafficAnalyzerId", required: true, rule: "text", doc: "The analyzer.", example: "nta-bp1x2y3z4a5b6c7d8e9f0", choices: [], unit: "", ignored: "", refused: "" },
    ],
    failures: ["MissingParameter", "InvalidRegionId.NotFound", "ParameterInvalid", "InvalidTrafficAnalyzerId.NotFound"],
  },
  "nis:DeactiveTrafficAnalyzer": {
    product: "Nis",
    version: "2021-12-16",
    name: "DeactiveTrafficAnalyzer",
    summary: "Stop a traffic analyzer; it can be started again.",
    writes: true,
    parameters: [
      { name: "RegionId", required: true, rule: "text", doc: "Region of the analyzer.", example: "cn-hangzhou", choices: [], unit: "", ignored: "", refused: "" },
      { name: "TrafficAnalyzerId", required: true, rule: "text", doc: "The analyzer.", example: "nta-bp1x2y3z4a5b6c7d8e9f0", choices: [], unit: "", ignored: "", refused: "" },
    ],
    failures: ["MissingParameter", "InvalidRegionId.NotFound", "ParameterInvalid", "InvalidTrafficAnalyzerId.NotFound"],
  },
  "nis:DeleteTrafficAnalyzer": {
    product: "Nis",
    version: "2021-12-16",
    name: "DeleteTrafficAnalyzer",
    summary: "Delete a traffic analyzer and its records.",
    writes: true,
    parameters: [
      { name: "RegionId", required: true, rule: "text", doc: "Region of the analyzer.", example: "cn-hangzhou", choices: [], unit: "", ignored: "", refused: "" },
      { name: "TrafficAnalyzerId", required: true, rule: "text", doc: "The analyzer.", example: "nta-bp1x2y3z4a5b6c7d8e9f0", choices: [], unit: "", ignored: "", refused: "" },
    ],
    failures: ["MissingParameter", "InvalidRegionId.NotFound", "ParameterInvalid", "InvalidTrafficAnalyzerId.NotFound", "DependencyViolation.FlowLog"],
  },
  "nis:StartNisTrafficRanking": {
    product: "Nis",
    version: "2021-12-16",
    name: "StartNisTrafficRanking",
    summary: "Rank the traffic of an analyzer.",
    writes: true,
    parameters: [
      { name: "RegionNo", required: true, rule: "text", doc: "Region of the analyzer.", example: "cn-hangzhou", choices: [], unit: "", ignored: "", refused: "" },
      { name: "TrafficAnalyzerId", required: true, rule: "text", doc: "The analyzer.", example: "nta-bp1x2y3z4a5b6c7d8e9f0", choices: [], unit: "", ignored: "", refused: "" },
      { name: "TrafficScenario", required: true, rule: "`VpcFlowLogAll`, `VpcFlowLogInternet`, `TRFlowlog`, `CbwpMetric`", doc: "All traffic of the flow logs, or that with addresses outside the private ranges.", example: "VpcFlowLogAll", choices: ["VpcFlowLogAll", "VpcFlowLogInternet", "TRFlowlog", "CbwpMetric"], unit: "", ignored: "", refused: "`TRFlowlog` and `CbwpMetric`; only VPC flow logs are analysed" },
      { name: "Direction", required: true, rule: "`In`, `Out`, in any case", doc: "Into or out of the network interface.", example: "In", choices: [], unit: "", ignored: "", refused: "" },
      { name: "BeginTime", required: true, rule: "integer, 0 to 253402300799999", doc: "Beginning of the time range.", example: "1795316400000", choices: [], unit: "Unix milliseconds", ignored: "", refused: "" },
      { name: "EndTime", required: true, rule: "integer, 0 to 253402300799999", doc: "End of the time range.", example: "1795320000000", choices: [], unit: "Unix milliseconds", ignored: "", refused: "" },
      { name: "OrderBy", required: true, rule: "`Bytes`, `Packets`, `RoundTripTime`", doc: "What is summed up and compared.", example: "Bytes", choices: ["Bytes", "Packets", "RoundTripTime"], unit: "", ignored: "", refused: "`RoundTripTime`; no record holds it" },
      { name: "TupleDimension", required: false, rule: "`Tuple1`, `Tuple2`, `Tuple5`", doc: "View on the traffic, which decides on the keys of GroupBy and Filter: `Tuple1` has VpcId, VSwitchId, NetworkInterfaceId, EcsId, CloudIp; `Tuple2` SourceIp, DestinationIp, TrafficPath instead of CloudIp; `Tuple5` also SourcePort, DestinationPort, Protocol. The analyzer's own if absent.", example: "Tuple2", choices: ["Tuple1", "Tuple2", "Tuple5"], unit: "", ignored: "", refused: "" },
      { name: "GroupBy", required: false, rule: "JSON list of 1 to 16 texts, each: `VpcId`, `VSwitchId`, `NetworkInterfaceId`, `EcsId`, `CloudIp`, `SourceIp`, `DestinationIp`, `TrafficPath`, `SourcePort`, `DestinationPort`, `Protocol`, `Country`, `Province`, `City`, `Isp`, `Asn`", doc: "What one entry stands for; the addresses (and ports and protocol) of the dimension if absent.", example: "[\"SourceIp\", \"DestinationIp\"]", choices: [], unit: "", ignored: "", refused: "" },
      { name: "Filter", required: false, rule: "JSON list of objects with `Key`, `Operator` (`in`, which is the default, `not in`, or for addresses `like`: contains) and `Value` (list of texts), at most 8192 characters and 200 values", doc: "Conditions, all of which must hold. FlowAction (`ACCEPT` or `REJECT`) must be among them. MinBytes, MaxBytes, MinPackages and MaxPackages bound the sums of a ranking's entries.", example: "[{\"Key\":\"FlowAction\",\"Operator\":\"in\",\"Value\":[\"ACCEPT\"]}]", choices: [], unit: "", ignored: "", refused: "" },
      { name: "Sort", required: false, rule: "`ASC`, `DESC`, in any case", doc: "Which end comes first.", example: "DESC", choices: [], unit: "", ignored: "", refused: "" },
      { name: "TopN", required: false, rule: "integer, 1 to 1000", doc: "Entries to keep, from the first.", example: "10", choices: [], unit: "entries", ignored: "", refused: "" },
      { name: "StorageInterval", required: false, rule: "`1`, `10`, `60`, `1440`", doc: "Step of the storage: the time range is widened to whole steps, counted in UTC. The analyzer's own if absent.", example: "10", choices: ["1", "10", "60", "1440"], unit: "minutes", ignored: "", refused: "" },
      { name: "Language", required: false, rule: "0 to 16 characters", doc: "Language of names.", example: "en-US", choices: [], unit: "", ignored: "no answer holds a name", refused: "" },
      { name: "MaxResults", required: false, rule: "integer, 1 to 100", doc: "Page size.", example: "20", choices: [], unit: "", ignored: "DescribeNisTrafficRanking pages", refused: "" },
      { name: "NextToken", required: false, rule: "0 to 256 characters", doc: "Page.", example: "20", choices: [], unit: "", ignored: "DescribeNisTrafficRanking pages", refused: "" },
    ],
    failures: ["MissingParameter", "InvalidRegionId.NotFound", "OperationUnsupported.TrafficScenario", "INVALID_PARAMETER", "OperationUnsupported.TrafficData", "IllegalParam.StorageInterval", "IllegalParam.TupleDimension", "ParameterInvalid", "InvalidTrafficAnalyzerId.NotFound", "OperationFailed.AnalysisLimit"],
  },
  "nis:DescribeNisTrafficRanking": {
    product: "Nis",
    version: "2021-12-16",
    name: "DescribeNisTrafficRanking",
    summary: "Read a ranking.",
    writes: false,
    parameters: [
      { name: "NisTrafficRankingId", required: true, rule: "text", doc: "The ranking.", example: "task-6462a7b4c4a54b0f9d1e2", choices: [], unit: "", ignored: "", refused: "" },
      { name: "MaxResults", required: false, rule: "integer, 1 to 100", doc: "Entries per page.", example: "20", choices: [], unit: "", ignored: "", refused: "" },
      { name: "NextToken", required: false, rule: "0 to 9 characters, the NextToken of the page before", doc: "NextToken of the page before; absent for the first.", example: "20", choices: [], unit: "", ignored: "", refused: "" },
    ],
    failures: ["MissingParameter", "INVALID_PARAMETER", "ParameterInvalid", "InvalidNisTrafficRankingId.NotFound"],
  },
  "nis:GetNisTrafficMetrics": {
    product: "Nis",
    version: "2021-12-16",
    name: "GetNisTrafficMetrics",
    summary: "Draw bandwidth or packet rate of an analyzer over time.",
    writes: false,
    parameters: [
      { name: "RegionNo", required: true, rule: "text", doc: "Region of the analyzer.", example: "cn-hangzhou", choices: [], unit: "", ignored: "", refused: "" },
      { name: "TrafficAnalyzerId", required: true, rule: "text", doc: "The analyzer.", example: "nta-bp1x2y3z4a5b6c7d8e9f0", choices: [], unit: "", ignored: "", refused: "" },
      { name: "TrafficScenario", required: true, rule: "`VpcFlowLogAll`, `VpcFlowLogInternet`, `TRFlowlog`, `CbwpMetric`", doc: "All traffic of the flow logs, or that with addresses outside the private ranges.", example: "VpcFlowLogAll", choices: ["VpcFlowLogAll", "VpcFlowLogInternet", "TRFlowlog", "CbwpMetric"], unit: "", ignored: "", refused: "`TRFlowlog` and `CbwpMetric`; only VPC flow logs are analysed" },
      { name: "Direction", required: true, rule: "`In`, `Out`, in any case", doc: "Into or out of the network interface.", example: "In", choices: [], unit: "", ignored: "", refused: "" },
      { name: "MetricName", required: true, rule: "`bps`, `pps`, `rtt`, `RetransmitRate`", doc: "What is drawn.", example: "bps", choices: ["bps", "pps", "rtt", "RetransmitRate"], unit: "", ignored: "", refused: "`rtt` and `RetransmitRate`; no record holds them" },
      { name: "BeginTime", required: false, rule: "integer, 0 to 253402300799999", doc: "Beginning of the time range.", example: "1795316400000", choices: [], unit: "Unix milliseconds", ignored: "", refused: "" },
      { name: "EndTime", required: false, rule: "integer, 0 to 253402300799999", doc: "End of the time range.", example: "1795320000000", choices: [], unit: "Unix milliseconds", ignored: "", refused: "" },
      { name: "StepMinutes", required: false, rule: "integer, 1 to 1440", doc: "Time between two points.", example: "10", choices: [], unit: "minutes", ignored: "", refused: "" },
      { name: "TupleDimension", required: false, rule: "`Tuple1`, `Tuple2`, `Tuple5`", doc: "View on the traffic, which decides on the keys of GroupBy and Filter: `Tuple1` has VpcId, VSwitchId, NetworkInterfaceId, EcsId, CloudIp; `Tuple2` SourceIp, DestinationIp, TrafficPath instead of CloudIp; `Tuple5` also SourcePort, DestinationPort, Protocol. The analyzer's own if absent.", example: "Tuple2", choices: ["Tuple1", "Tuple2", "Tuple5"], unit: "", ignored: "", refused: "" },
      { name: "Filter", required: false, rule: "JSON list of objects with `Key`, `Operator` (`in`, which is the default, `not in`, or for addresses `like`: contains) and `Value` (list of texts), at most 8192 characters and 200 values", doc: "Conditions, all of which must hold. FlowAction (`ACCEPT` or `REJECT`) must be among them. MinBytes, MaxBytes, MinPackages and MaxPackages bound the sums of a ranking's entries.", example: "[{\"Key\":\"FlowAction\",\"Operator\":\"in\",\"Value\":[\"ACCEPT\"]}]", choices: [], unit: "", ignored: "", refused: "" },
      { name: "StorageInterval", required: false, rule: "`1`, `10`, `60`, `1440`", doc: "Step of the storage: the time range is widened to whole steps, counted in UTC. The analyzer's own if absent.", example: "10", choices: ["1", "10", "60", "1440"], unit: "minutes", ignored: "", refused: "" },
      { name: "ScanBy", required: false, rule: "`TimestampAscending`, `TimestampDescending`", doc: "Order of the points.", example: "TimestampAscending", choices: ["TimestampAscending", "TimestampDescending"], unit: "", ignored: "", refused: "" },
      { name: "MaxResults", required: false, rule: "integer, 1 to 1440", doc: "Points per page.", example: "1440", choices: [], unit: "points", ignored: "", refused: "" },
      { name: "NextToken", required: false, rule: "0 to 9 characters, the NextToken of the page before", doc: "NextToken of the page before; absent for the first.", example: "20", choices: [], unit: "", ignored: "", refused: "" },
    ],
    failures: ["MissingParameter", "InvalidRegionId.NotFound", "OperationUnsupported.TrafficScenario", "INVALID_PARAMETER", "OperationUnsupported.TrafficData", "IllegalParam.StorageInterval", "IllegalParam.TupleDimension", "ParameterInvalid", "InvalidTrafficAnalyzerId.NotFound", "OperationFailed.AnalysisLimit"],
  },
  "weir:SyncAgent": {
    product: "Weir",
    version: "2026-11-01",
    name: "SyncAgent",
    summary: "An agent says what it has and hears what it should have.",
    writes: true,
    parameters: [
      { name: "RegionId", required: true, rule: "text", doc: "Region of the node.", example: "cn-hangzhou", choices: [], unit: "", ignored: "", refused: "" },
      { name: "NodeName", required: true, rule: "1 to 253 characters, letters, digits, dots, hyphens and underscores, the first a letter or digit", doc: "The node the agent runs on.", example: "host-a", choices: [], unit: "", ignored: "", refused: "" },
      { name: "Revision", required: false, rule: "0 to 64 characters", doc: "Revision of the targets that are applied; empty before the first.", example: "5d41402abc4b2a76", choices: [], unit: "", ignored: "", refused: "" },
      { name: "Attached.N.NetworkInterfaceId", required: true, rule: "text", doc: "The interface.", example: "eni-bp1d66qjxb3qoin3a2b4", choices: [], unit: "", ignored: "", refused: "" },
      { name: "Attached.N.Generation", required: true, rule: "1 to 64 characters", doc: "Generation of the target that was attached.", example: "9f2c41aa07be31d5", choices: [], unit: "", ignored: "", refused: "" },
      { name: "Attached.N.Error", required: false, rule: "0 to 1024 characters", doc: "Why it could not be attached; empty: it is attached.", example: "no such device", choices: [], unit: "", ignored: "", refused: "" },
      { name: "Undelivered.N.ProjectName", required: true, rule: "text", doc: "Project of the batch.", example: "flow-logs", choices: [], unit: "", ignored: "", refused: "" },
      { name: "Undelivered.N.LogStoreName", required: true, rule: "text", doc: "Logstore of the batch.", example: "vpc_flow_log", choices: [], unit: "", ignored: "", refused: "" },
      { name: "Undelivered.N.Code", required: true, rule: "1 to 128 characters", doc: "Code of its refusal, or `Unreachable`.", example: "ProjectNotExist", choices: [], unit: "", ignored: "", refused: "" },
    ],
    failures: ["MissingParameter", "InvalidRegionId.NotFound", "INVALID_PARAMETER", "ParameterInvalid"],
  },
  "weir:BindNetworkInterface": {
    product: "Weir",
    version: "2026-11-01",
    name: "BindNetworkInterface",
    summary: "Say which device of which node a network interface is.",
    writes: true,
    parameters: [
      { name: "NetworkInterfaceId", required: true, rule: "text", doc: "The interface.", example: "eni-bp1d66qjxb3qoin3a2b4", choices: [], unit: "", ignored: "", refused: "" },
      { name: "NodeName", required: true, rule: "1 to 253 characters, letters, digits, dots, hyphens and underscores, the first a letter or digit", doc: "Node that has the device.", example: "host-a", choices: [], unit: "", ignored: "", refused: "" },
      { name: "Device", required: true, rule: "1 to 21 characters, a Linux device name, `mac:` and a MAC address, or `ifindex:` and a number", doc: "The Linux device: its name, `mac:02:00:00:00:00:2a` (where one device alone has that address) or `ifindex:7`.", example: "veth-guest1", choices: [], unit: "", ignored: "", refused: "" },
      { name: "Side", required: false, rule: "`behind`, `self`", doc: "`behind`: the device is the host end of a veth or tap and the guest is the interface; `self`: the device is the interface itself.", example: "behind", choices: ["behind", "self"], unit: "", ignored: "", refused: "" },
    ],
    failures: ["MissingParameter", "ParameterInvalid", "InvalidEniId.NotFound", "DeviceAlreadyBound"],
  },
  "weir:UnbindNetworkInterface": {
    product: "Weir",
    version: "2026-11-01",
    name: "UnbindNetworkInterface",
    summary: "Release a network interface from its device.",
    writes: true,
    parameters: [
      { name: "NetworkInterfaceId", required: true, rule: "text", doc: "The interface.", example: "eni-bp1d66qjxb3qoin3a2b4", choices: [], unit: "", ignored: "", refused: "" },
    ],
    failures: ["MissingParameter", "ParameterInvalid", "InvalidEniId.NotFound", "BindingNotFound"],
  },
  "weir:DescribeNetworkInterfaceBindings": {
    product: "Weir",
    version: "2026-11-01",
    name: "DescribeNetworkInterfaceBindings",
    summary: "List which device of which node the network interfaces are.",
    writes: false,
    parameters: [
      { name: "NodeName", required: false, rule: "text", doc: "The node.", example: "host-a", choices: [], unit: "", ignored: "", refused: "" },
      { name: "NetworkInterfaceId", required: false, rule: "text", doc: "The interface.", example: "eni-bp1d66qjxb3qoin3a2b4", choices: [], unit: "", ignored: "", refused: "" },
    ],
    failures: ["ParameterInvalid"],
  },
  "weir:DescribeAgents": {
    product: "Weir",
    version: "2026-11-01",
    name: "DescribeAgents",
    summary: "List the agents.",
    writes: false,
    parameters: [
    ],
    failures: [],
  },
  "weir:RegisterInstance": {
    product: "Weir",
    version: "2026-11-01",
    name: "RegisterInstance",
    summary: "Make an instance known, so that network interfaces can be attached to it.",
    writes: true,
    parameters: [
      { name: "RegionId", required: true, rule: "text", doc: "Region of the instance.", example: "cn-hangzhou", choices: [], unit: "", ignored: "", refused: "" },
      { name: "InstanceType", required: true, rule: "1 to 64 characters, `ecs.`, a family, a dot and a size", doc: "Type of the instance.", example: "ecs.g7.xlarge", choices: [], unit: "", ignored: "", refused: "" },
      { name: "InstanceId", required: false, rule: "1 to 64 characters, letters, digits, dots, hyphens and underscores, the first a letter or digit", doc: "Its id; drawn if absent.", example: "i-bp1a5zr3u7nq9cx8t2ab", choices: [], unit: "", ignored: "", refused: "" },
      { name: "PrimaryNetworkInterfaceId", required: false, rule: "text", doc: "Interface that becomes its primary one: `Primary` and `InUse` until the instance is deregistered.", example: "eni-bp1d66qjxb3qoin3a2b4", choices: [], unit: "", ignored: "", refused: "" },
    ],
    failures: ["MissingParameter", "InvalidRegionId.NotFound", "ParameterInvalid", "InstanceAlreadyRegistered", "InvalidEniId.NotFound", "InvalidOperation.InvalidEniState", "InvalidOperation.InvalidEniType"],
  },
  "weir:DeregisterInstance": {
    product: "Weir",
    version: "2026-11-01",
    name: "DeregisterInstance",
    summary: "Forget an instance.",
    writes: true,
    parameters: [
      { name: "RegionId", required: true, rule: "text", doc: "Region of the instance.", example: "cn-hangzhou", choices: [], unit: "", ignored: "", refused: "" },
      { name: "InstanceId", required: true, rule: "text", doc: "The instance.", example: "i-bp1a5zr3u7nq9cx8t2ab", choices: [], unit: "", ignored: "", refused: "" },
    ],
    failures: ["MissingParameter", "InvalidRegionId.NotFound", "ParameterInvalid", "InvalidEcsId.NotFound", "DependencyViolation.NetworkInterface"],
  },
  "weir:ShareVSwitch": {
    product: "Weir",
    version: "2026-11-01",
    name: "ShareVSwitch",
    summary: "Share a VSwitch with another account.",
    writes: true,
    parameters: [
      { name: "VSwitchId", required: true, rule: "text", doc: "The VSwitch.", example: "vsw-bp1s5fnvk4gn2tws03624", choices: [], unit: "", ignored: "", refused: "" },
      { name: "AccountId", required: true, rule: "text", doc: "The other account.", example: "1234567890123456", choices: [], unit: "", ignored: "", refused: "" },
    ],
    failures: ["MissingParameter", "ParameterInvalid", "InvalidVSwitchId.NotFound", "InvalidAccountId.NotFound"],
  },
  "weir:UnshareVSwitch": {
    product: "Weir",
    version: "2026-11-01",
    name: "UnshareVSwitch",
    summary: "End the sharing of a VSwitch with another account.",
    writes: true,
    parameters: [
      { name: "VSwitchId", required: true, rule: "text", doc: "The VSwitch.", example: "vsw-bp1s5fnvk4gn2tws03624", choices: [], unit: "", ignored: "", refused: "" },
      { name: "AccountId", required: true, rule: "text", doc: "The other account.", example: "1234567890123456", choices: [], unit: "", ignored: "", refused: "" },
    ],
    failures: ["MissingParameter", "ParameterInvalid", "InvalidVSwitchId.NotFound", "DependencyViolation.NetworkInterface"],
  },
  "weir:SetVpcAdvancedFeatures": {
    product: "Weir",
    version: "2026-11-01",
    name: "SetVpcAdvancedFeatures",
    summary: "Say whether a VPC supports advanced features, flow logs among them.",
    writes: true,
    parameters: [
      { name: "VpcId", required: true, rule: "text", doc: "The VPC.", example: "vpc-bp1nwd16gvo1wgs7v5m2t", choices: [], unit: "", ignored: "", refused: "" },
      { name: "Enabled", required: true, rule: "`true`, `false`", doc: "Whether it supports them.", example: "true", choices: [], unit: "", ignored: "", refused: "" },
    ],
    failures: ["MissingParameter", "INVALID_PARAMETER", "ParameterInvalid", "InvalidVpcId.NotFound"],
  },
  "weir:SetDefaultVpc": {
    product: "Weir",
    version: "2026-11-01",
    name: "SetDefaultVpc",
    summary: "Make a VPC the default one of its region.",
    writes: true,
    parameters: [
      { name: "VpcId", required: true, rule: "text", doc: "The VPC.", example: "vpc-bp1nwd16gvo1wgs7v5m2t", choices: [], unit: "", ignored: "", refused: "" },
    ],
    failures: ["MissingParameter", "ParameterInvalid", "InvalidVpcId.NotFound"],
  },
  "weir:SetFlowLogServiceType": {
    product: "Weir",
    version: "2026-11-01",
    name: "SetFlowLogServiceType",
    summary: "Hand a flow log to the log service, or take it back.",
    writes: true,
    parameters: [
      { name: "RegionId", required: true, rule: "text", doc: "Region of the flow log.", example: "cn-hangzhou", choices: [], unit: "", ignored: "", refused: "" },
      { name: "FlowLogId", required: true, rule: "text", doc: "The flow log.", example: "fl-m5e8vhz2t21sel1nq5kzd", choices: [], unit: "", ignored: "", refused: "" },
      { name: "ServiceType", required: true, rule: "`user`, `sls`", doc: "Whose it is.", example: "sls", choices: ["user", "sls"], unit: "", ignored: "", refused: "" },
    ],
    failures: ["MissingParameter", "InvalidRegionId.NotFound", "ParameterInvalid", "InvalidInstanceId"],
  },
  "weir:SetTrafficRoute": {
    product: "Weir",
    version: "2026-11-01",
    name: "SetTrafficRoute",
    summary: "Say which path the traffic of a VPC's interfaces takes to a destination.",
    writes: true,
    parameters: [
      { name: "VpcId", required: true, rule: "text", doc: "The VPC.", example: "vpc-bp1nwd16gvo1wgs7v5m2t", choices: [], unit: "", ignored: "", refused: "" },
      { name: "Path", required: true, rule: "`internetGateway`, `natGateway`, `vpnGateway`, `transitRouter`, `gatewayEndpoint`, `vbr`, `ecr`, `ipv4Gateway`, `gatewayLoadBalancerEndpoint`, `vpcResource`, `instance`, `networkInterface`, `haVip`, `cloudService`, `cenSameRegion`, `cenOther`, `unlisted`", doc: "The path that traffic takes.", example: "natGateway", choices: ["internetGateway", "natGateway", "vpnGateway", "transitRouter", "gatewayEndpoint", "vbr", "ecr", "ipv4Gateway", "gatewayLoadBalancerEndpoint", "vpcResource", "instance", "networkInterface", "haVip", "cloudService", "cenSameRegion", "cenOther", "unlisted"], unit: "", ignored: "", refused: "" },
      { name: "DestinationCidrBlock", required: false, rule: "IPv4 network in CIDR notation, /0 to /32", doc: "IPv4 addresses at the far end.", example: "0.0.0.0/0", choices: [], unit: "", ignored: "", refused: "" },
      { name: "DestinationIpv6CidrBlock", required: false, rule: "IPv6 network in CIDR notation, /0 to /128", doc: "IPv6 addresses at the far end.", example: "::/0", choices: [], unit: "", ignored: "", refused: "" },
      { name: "Device", required: false, rule: "1 to 21 characters, a Linux device name, `mac:` and a MAC address, or `ifindex:` and a number", doc: "Everything that the interface's node has in its routing tables behind this device.", example: "wg0", choices: [], unit: "", ignored: "", refused: "" },
      { name: "VSwitchId", required: false, rule: "text", doc: "Only for the interfaces of this VSwitch.", example: "vsw-bp1s5fnvk4gn2tws03624", choices: [], unit: "", ignored: "", refused: "" },
    ],
    failures: ["MissingParameter", "ParameterInvalid", "InvalidVpcId.NotFound", "InvalidVSwitchId.NotFound", "QuotaExceeded.TrafficRoute"],
  },
  "weir:DeleteTrafficRoute": {
    product: "Weir",
    version: "2026-11-01",
    name: "DeleteTrafficRoute",
    summary: "Forget the path to a destination.",
    writes: true,
    parameters: [
      { name: "VpcId", required: true, rule: "text", doc: "The VPC.", example: "vpc-bp1nwd16gvo1wgs7v5m2t", choices: [], unit: "", ignored: "", refused: "" },
      { name: "DestinationCidrBlock", required: false, rule: "IPv4 network in CIDR notation, /0 to /32", doc: "The IPv4 block of the route.", example: "0.0.0.0/0", choices: [], unit: "", ignored: "", refused: "" },
      { name: "DestinationIpv6CidrBlock", required: false, rule: "IPv6 network in CIDR notation, /0 to /128", doc: "The IPv6 block of the route.", example: "::/0", choices: [], unit: "", ignored: "", refused: "" },
      { name: "Device", required: false, rule: "1 to 21 characters, a Linux device name, `mac:` and a MAC address, or `ifindex:` and a number", doc: "The device of the route.", example: "wg0", choices: [], unit: "", ignored: "", refused: "" },
      { name: "VSwitchId", required: false, rule: "text", doc: "VSwitch of the route, if it has one.", example: "vsw-bp1s5fnvk4gn2tws03624", choices: [], unit: "", ignored: "", refused: "" },
    ],
    failures: ["MissingParameter", "ParameterInvalid", "InvalidVpcId.NotFound"],
  },
  "weir:DescribeTrafficRoutes": {
    product: "Weir",
    version: "2026-11-01",
    name: "DescribeTrafficRoutes",
    summary: "List the declared paths.",
    writes: false,
    parameters: [
      { name: "VpcId", required: false, rule: "text", doc: "The VPC.", example: "vpc-bp1nwd16gvo1wgs7v5m2t", choices: [], unit: "", ignored: "", refused: "" },
    ],
    failures: ["ParameterInvalid"],
  },
};

/** Method, path and `type` of every operation of the log service. */
export const ROUTES: ReadonlyArray<readonly [keyof Operations, string, string, string]> = [
  ["CreateProject", "POST", "/", ""],
  ["GetProject", "GET", "/", ""],
  ["ListProject", "GET", "/", ""],
  ["UpdateProject", "PUT", "/", ""],
  ["DeleteProject", "DELETE", "/", ""],
  ["CreateLogStore", "POST", "/logstores", ""],
  ["ListLogStores", "GET", "/logstores", ""],
  ["GetLogs", "GET", "/logstores/{logstore}", "log"],
  ["GetHistograms", "GET", "/logstores/{logstore}", "histogram"],
  ["ListTopics", "GET", "/logstores/{logstore}", "topic"],
  ["GetLogStore", "GET", "/logstores/{logstore}", ""],
  ["UpdateLogStore", "PUT", "/logstores/{logstore}", ""],
  ["DeleteLogStore", "DELETE", "/logstores/{logstore}", ""],
  ["PutLogs", "POST", "/logstores/{logstore}", ""],
  ["PutLogs", "POST", "/logstores/{logstore}/shards/lb", ""],
  ["PutLogs", "POST", "/logstores/{logstore}/shards/route", ""],
  ["GetLogsV2", "POST", "/logstores/{logstore}/logs", ""],
  ["CreateIndex", "POST", "/logstores/{logstore}/index", ""],
  ["GetHistograms", "GET", "/logstores/{logstore}/index", "histogram"],
  ["GetIndex", "GET", "/logstores/{logstore}/index", ""],
  ["UpdateIndex", "PUT", "/logstores/{logstore}/index", ""],
  ["DeleteIndex", "DELETE", "/logstores/{logstore}/index", ""],
  ["ListShards", "GET", "/logstores/{logstore}/shards", ""],
  ["SplitShard", "POST", "/logstores/{logstore}/shards/{shard}", "split"],
  ["MergeShards", "POST", "/logstores/{logstore}/shards/{shard}", "merge"],
  ["GetCursor", "GET", "/logstores/{logstore}/shards/{shard}", "cursor"],
  ["GetCursorTime", "GET", "/logstores/{logstore}/shards/{shard}", "cursor_time"],
  ["PullLogs", "GET", "/logstores/{logstore}/shards/{shard}", "log"],
  ["CreateConsumerGroup", "POST", "/logstores/{logstore}/consumergroups", ""],
  ["ListConsumerGroup", "GET", "/logstores/{logstore}/consumergroups", ""],
  ["UpdateConsumerGroup", "PUT", "/logstores/{logstore}/consumergroups/{consumerGroup}", ""],
  ["DeleteConsumerGroup", "DELETE", "/logstores/{logstore}/consumergroups/{consumerGroup}", ""],
  ["ConsumerGroupHeartBeat", "POST", "/logstores/{logstore}/consumergroups/{consumerGroup}", "heartbeat"],
  ["ConsumerGroupUpdateCheckPoint", "POST", "/logstores/{logstore}/consumergroups/{consumerGroup}", "checkpoint"],
  ["GetConsumerGroupCheckPoint", "GET", "/logstores/{logstore}/consumergroups/{consumerGroup}", ""],
];
