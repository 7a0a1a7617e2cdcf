import com.aliyun.tea.TeaException;
import com.aliyun.tea.TeaModel;
import com.aliyun.teaopenapi.models.Config;
import com.aliyun.vpc20160428.Client;
import com.google.gson.Gson;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;

/** The story of tests/clients/story.py through com.aliyun:vpc20160428; prints the report as JSON. */
public final class Story {
  private static final String CHANGED = "changed: 'single' \"double\" %20 <tag>";
  private static final String DESCRIPTION = "流日志 a+b & c=d ~ * ü";
  private static final int STATE_SECONDS = 20;
  private static final int PAUSE_MS = 50;
  private static final String REGION = System.getenv("WEIR_REGION");

  private final Client client;
  private Map<String, Object> one;

  private Story() throws Exception {
    client =
        new Client(
            new Config()
                .setAccessKeyId(System.getenv("WEIR_ACCESS_KEY_ID"))
                .setAccessKeySecret(System.getenv("WEIR_ACCESS_KEY_SECRET"))
                .setEndpoint(System.getenv("WEIR_ADDRESS"))
                .setProtocol("http"));
  }

  public static void main(String[] arguments) throws Exception {
    System.out.println(new Gson().toJson(new Story().tell()));
  }

  private Map<String, Object> tell() throws Exception {
    Map<String, Object> wanted =
        values(
            "RegionId", REGION,
            "ResourceType", "VPC",
            "ResourceId", System.getenv("WEIR_VPC_ID"),
            "TrafficType", "All",
            "ProjectName", System.getenv("WEIR_PROJECT"),
            "LogStoreName", System.getenv("WEIR_LOG_STORE"),
            "FlowLogName", "story",
            "Description", DESCRIPTION,
            "AggregationInterval", 1,
            "TrafficPath", List.of("all"));
    Map<String, Object> created = call("CreateFlowLog", wanted);
    String id = (String) created.get("FlowLogId");
    one = values("RegionId", REGION, "FlowLogId", id);
    reach("Active");
    Map<String, Object> first = described();
    Map<String, Object> refused = null;
    try {
      call("CreateFlowLog", wanted);
    } catch (TeaException error) {
      refused =
          values(
              "status", error.getStatusCode(),
              "code", error.getCode(),
              "message", error.getMessage(),
              "request_id", error.getData().get("RequestId"));
    }
    Map<String, Object> change = new LinkedHashMap<>(one);
    change.putAll(values("Description", CHANGED, "AggregationInterval", 5));
    call("ModifyFlowLogAttribute", change);
    reach("Active");
    Map<String, Object> modified = described();
    Map<String, Object> which =
        values("RegionId", REGION, "ResourceType", "FLOWLOG", "ResourceId", List.of(id));
    Map<String, Object> tagging = new LinkedHashMap<>(which);
    tagging.put("Tag", List.of(values("Key", "team", "Value", "a/b c")));
    call("TagResources", tagging);
    Map<String, Object> tagged = new LinkedHashMap<>();
    for (Map<String, Object> tag : list(call("ListTagResources", which), "TagResources", "TagResource")) {
      tagged.put((String) tag.get("TagKey"), tag.get("TagValue"));
    }
    call("DeactiveFlowLog", one);
    String inactive = reach("Inactive");
    call("ActiveFlowLog", one);
    String active = reach("Active");
    call("DeleteFlowLog", one);
    until(() -> found().isEmpty(), "the flow log is gone");
    return values(
        "created", only(created, "FlowLogId", "Success"),
        "described",
            only(
                first,
                "Status", "FlowLogName", "Description", "RegionId", "ResourceType", "TrafficType", "ProjectName",
                "LogStoreName", "AggregationInterval", "TrafficPath", "BusinessStatus"),
        "refused", refused,
        "modified", only(modified, "Status", "FlowLogName", "Description", "AggregationInterval"),
        "tagged", tagged,
        "states", List.of(inactive, active),
        "left", call("DescribeFlowLogs", one).get("TotalCount"));
  }

  /** One call through the SDK's own request class and method; refused: the SDK's exception. */
  private Map<String, Object> call(String action, Map<String, Object> parameters) throws Exception {
    Class<?> type = Class.forName("com.aliyun.vpc20160428.models." + action + "Request");
    TeaModel request = TeaModel.toModel(parameters, (TeaModel) type.getDeclaredConstructor().newInstance());
    String method = Character.toLowerCase(action.charAt(0)) + action.substring(1);
    try {
      Object answer = Client.class.getMethod(method, type).invoke(client, request);
      return ((TeaModel) answer.getClass().getMethod("getBody").invoke(answer)).toMap();
    } catch (java.lang.reflect.InvocationTargetException error) {
      if (error.getCause() instanceof TeaException) {
        throw (TeaException) error.getCause();
      }
      throw error;
    }
  }

  private List<Map<String, Object>> found() {
    try {
      return list(call("DescribeFlowLogs", one), "FlowLogs", "FlowLog");
    } catch (Exception error) {
      throw new IllegalStateException(error);
    }
  }

  private Map<String, Object> described() {
    Map<String, Object> log = new LinkedHashMap<>(found().get(0));
    log.put("TrafficPath", ((Map<?, ?>) log.get("TrafficPath")).get("TrafficPathList"));
    return log;
  }

  private String reach(String state) throws InterruptedException {
    until(() -> state.equals(described().get("Status")), "the flow log is " + state);
    return state;
  }

  private static void until(BooleanSupplier condition, String what) throws InterruptedException {
    long deadline = System.nanoTime() + STATE_SECONDS * 1_000_000_000L;
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new IllegalStateException("not within " + STATE_SECONDS + " s: " + what);
      }
      Thread.sleep(PAUSE_MS);
    }
  }

  @SuppressWarnings("unchecked")
  private static List<Map<String, Object>> list(Map<String, Object> answer, String wrapper, String item) {
    return new ArrayList<>((List<Map<String, Object>>) ((Map<String, Object>) answer.get(wrapper)).get(item));
  }

  private static Map<String, Object> values(Object... pairs) {
    Map<String, Object> made = new LinkedHashMap<>();
    for (int at = 0; at < pairs.length; at += 2) {
      made.put((String) pairs[at], pairs[at + 1]);
    }
    return made;
  }

  private static Map<String, Object> only(Map<String, Object> from, String... names) {
    Map<String, Object> kept = new LinkedHashMap<>();
    for (String name : names) {
      kept.put(name, from.get(name));
    }
    return kept;
  }
}
