// The story of tests/clients/story.py for Node: tells it through call(action, parameters) and prints the report.
// A call that is refused throws {status, code, message, request_id}.
'use strict';

const NAME = 'story';
const DESCRIPTION = '流日志 a+b & c=d ~ * ü';
const CHANGED = 'changed: \'single\' "double" %20 <tag>';
const STATE_SECONDS = 20;
const PAUSE_MS = 50;

const { WEIR_REGION: region, WEIR_VPC_ID: vpcId, WEIR_PROJECT: project, WEIR_LOG_STORE: logStore } = process.env;

async function until(condition, what) {
  const deadline = Date.now() + STATE_SECONDS * 1000;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`not within ${STATE_SECONDS} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

async function tell(call) {
  const wanted = {
    RegionId: region,
    ResourceType: 'VPC',
    ResourceId: vpcId,
    TrafficType: 'All',
    ProjectName: project,
    LogStoreName: logStore,
    FlowLogName: NAME,
    Description: DESCRIPTION,
    AggregationInterval: 1,
    TrafficPath: ['all'],
  };
  const created = await call('CreateFlowLog', wanted);
  const one = { RegionId: region, FlowLogId: created.FlowLogId };
  const page = () => call('DescribeFlowLogs', one);
  const described = async () => {
    const found = (await page()).FlowLogs.FlowLog[0];
    return { ...found, TrafficPath: found.TrafficPath.TrafficPathList };
  };
  const reach = async (state) => {
    await until(async () => (await described()).Status === state, `the flow log is ${state}`);
    return state;
  };
  const only = (from, names) => Object.fromEntries(names.map((name) => [name, from[name]]));

  await reach('Active');
  const first = await described();
  let refused = null;
  try {
    await call('CreateFlowLog', wanted);
  } catch (error) {
    refused = only(error, ['status', 'code', 'message', 'request_id']);
  }
  await call('ModifyFlowLogAttribute', { ...one, Description: CHANGED, AggregationInterval: 5 });
  await reach('Active');
  const modified = await described();
  const tagged = { RegionId: region, ResourceType: 'FLOWLOG', ResourceId: [created.FlowLogId] };
  await call('TagResources', { ...tagged, Tag: [{ Key: 'team', Value: 'a/b c' }] });
  const listed = (await call('ListTagResources', tagged)).TagResources.TagResource;
  await call('DeactiveFlowLog', one);
  const inactive = await reach('Inactive');
  await call('ActiveFlowLog', one);
  const active = await reach('Active');
  await call('DeleteFlowLog', one);
  await until(async () => (await page()).FlowLogs.FlowLog.length === 0, 'the flow log is gone');
  return {
    created: only(created, ['FlowLogId', 'Success']),
    described: only(first, [
      'Status', 'FlowLogName', 'Description', 'RegionId', 'ResourceType', 'TrafficType', 'ProjectName',
      'LogStoreName', 'AggregationInterval', 'TrafficPath', 'IpVersion', 'BusinessStatus',
    ]),
    refused,
    modified: only(modified, ['Status', 'FlowLogName', 'Description', 'AggregationInterval']),
    tagged: Object.fromEntries(listed.map((tag) => [tag.TagKey, tag.TagValue])),
    states: [inactive, active],
    left: (await page()).TotalCount,
  };
}

module.exports = {
  run(call) {
    tell(call).then(
      (report) => console.log(JSON.stringify(report)),
      (error) => {
        console.error(error);
        process.exitCode = 1;
      },
    );
  },
};
