import com.aliyun.openservices.log.Client;
import com.aliyun.openservices.log.common.Consts;
import com.aliyun.openservices.log.common.FastLog;
import com.aliyun.openservices.log.common.FastLogGroup;
import com.aliyun.openservices.log.common.Index;
import com.aliyun.openservices.log.common.IndexKey;
import com.aliyun.openservices.log.common.IndexKeys;
import com.aliyun.openservices.log.common.LogGroupData;
import com.aliyun.openservices.log.common.LogItem;
import com.aliyun.openservices.log.common.LogStore;
import com.aliyun.openservices.log.common.QueriedLog;
import com.aliyun.openservices.log.common.Shard;
import com.aliyun.openservices.log.exception.LogException;
import com.aliyun.openservices.log.http.client.ClientConfiguration;
import com.aliyun.openservices.log.request.PullLogsRequest;
import com.aliyun.openservices.log.response.PullLogsResponse;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** The log service's story of tests/clients/sls_story.py through aliyun-log. */
public class SlsStory {
    static final int ROWS = 20;
    static final String PROJECT = System.getenv("WEIR_PROJECT");
    static final String STORE = System.getenv("WEIR_LOG_STORE");

    static void put(Client client, int number) throws LogException {
        LogItem item = new LogItem((int) (System.currentTimeMillis() / 1000));
        item.PushBack("note", String.format("row-%02d", number));
        client.PutLogs(PROJECT, STORE, "t", List.of(item), "s");
    }

    static List<String> notes(List<QueriedLog> logs) {
        List<String> found = new ArrayList<>();
        for (QueriedLog log : logs) {
            log.GetLogItem().GetLogContents().forEach(content -> {
                if (content.GetKey().equals("note")) found.add(content.GetValue());
            });
        }
        Collections.sort(found);
        return found;
    }

    static List<String> pull(Client client, List<Shard> shards) throws LogException {
        List<String> found = new ArrayList<>();
        for (Shard shard : shards) {
            int number = shard.getShardId();
            String cursor = client.GetCursor(PROJECT, STORE, number, Consts.CursorMode.BEGIN).GetCursor();
            String end = client.GetCursor(PROJECT, STORE, number, Consts.CursorMode.END).GetCursor();
            while (!cursor.equals(end)) {
                PullLogsResponse part = client.pullLogs(new PullLogsRequest(PROJECT, STORE, number, 7, cursor, end));
                for (LogGroupData data : part.getLogGroups()) {
                    FastLogGroup group = data.GetFastLogGroup();
                    for (int row = 0; row < group.getLogsCount(); row++) {
                        FastLog log = group.getLogs(row);
                        for (int at = 0; at < log.getContentsCount(); at++) found.add(log.getContents(at).getValue());
                    }
                }
                cursor = part.getNextCursor();
            }
        }
        Collections.sort(found);
        return found;
    }

    static String json(List<String> texts) {
        return texts.isEmpty() ? "[]" : "[\"" + String.join("\",\"", texts) + "\"]";
    }

    public static void main(String[] arguments) throws Exception {
        String[] address = System.getenv("WEIR_ADDRESS").split(":");
        ClientConfiguration configuration = new ClientConfiguration();
        configuration.setProxyHost(address[0]);
        configuration.setProxyPort(Integer.parseInt(address[1]));
        Client client = new Client(
            System.getenv("WEIR_SLS_ENDPOINT"),
            System.getenv("WEIR_ACCESS_KEY_ID"),
            System.getenv("WEIR_ACCESS_KEY_SECRET"),
            configuration);
        client.CreateLogStore(PROJECT, new LogStore(STORE, 7, 1));
        IndexKeys keys = new IndexKeys();
        keys.AddKey("note", new IndexKey(List.of(","), false, "text", ""));
        Index index = new Index();
        index.SetKeys(keys);
        client.CreateIndex(PROJECT, STORE, index);
        for (int number = 0; number < ROWS; number++) put(client, number);
        client.SplitShard(PROJECT, STORE, 0, "80000000000000000000000000000000");
        for (int number = ROWS; number < 2 * ROWS; number++) put(client, number);
        List<Shard> shards = client.ListShard(PROJECT, STORE).GetShards();
        List<String> states = new ArrayList<>();
        for (Shard shard : shards) states.add(shard.getStatus());
        int now = (int) (System.currentTimeMillis() / 1000);
        List<String> found =
            notes(client.GetLogs(PROJECT, STORE, now - 3600, now + 60, "", "note: row-0*", 100, 0, false).getLogs());
        String count = client.GetLogs(PROJECT, STORE, now - 3600, now + 60, "", "* | SELECT count(note) AS n")
            .getLogs().get(0).GetLogItem().GetLogContents().stream()
            .filter(content -> content.GetKey().equals("n")).findFirst().orElseThrow().GetValue();
        long histogram = client.GetHistograms(PROJECT, STORE, now - 3600, now + 60, "", "*").GetTotalCount();
        String missing = "";
        try {
            client.GetLogStore(PROJECT, "absent");
        } catch (LogException refused) {
            missing = refused.getErrorCode();
        }
        System.out.printf(
            "{\"shards\":%s,\"found\":%s,\"count\":\"%s\",\"histogram\":%d,\"pulled\":%s,\"missing\":\"%s\"}%n",
            json(states), json(found), count, histogram, json(pull(client, shards)), missing);
    }
}
