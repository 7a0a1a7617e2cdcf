"""Consumer groups in the catalog: what they refuse, what they keep, what goes with them."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from weir.contract import sls_commands
from weir.contract import sls_consumers as say
from weir.control import consumer_rows, logs
from weir.control.catalog import Catalog
from weir.model.failures import Refusal

PLACE = {"project": "flows", "log_store": "two"}
GROUP = PLACE | {"group": "g"}


@pytest.fixture
def shop(office):
    """The logstore ``flows/two`` of two shards with the group ``g``, whose timeout is 10 s."""
    ask(office, sls_commands.CreateLogStore(project="flows", log_store="two", ttl_days=1, shard_count=2))
    ask(office, say.CreateConsumerGroup(**GROUP, timeout_seconds=10))
    return office


def ask(office, command):
    return logs.answer(office.desk, office.caller, command)


def code(office, command):
    with pytest.raises(Refusal) as refused:
        ask(office, command)
    return refused.value.failure.code


def beat(office, consumer, *shards):
    return ask(office, say.ConsumerGroupHeartBeat(**GROUP, consumer=consumer, shards=shards)).shards


def save(office, shard, cursor, consumer="", force=False):
    command = say.ConsumerGroupUpdateCheckPoint(**GROUP, shard=shard, checkpoint=cursor, consumer=consumer, force=force)
    return ask(office, command)


def test_groups_live_and_die(shop) -> None:
    assert code(shop, say.CreateConsumerGroup(**GROUP, timeout_seconds=1)) == "ConsumerGroupAlreadyExist"
    ask(shop, say.UpdateConsumerGroup(**GROUP, in_order=True))
    ask(shop, say.UpdateConsumerGroup(**GROUP, timeout_seconds=20))
    ask(shop, say.UpdateConsumerGroup(**GROUP))
    assert ask(shop, say.ListConsumerGroup(**PLACE)).groups == (say.ConsumerGroup("g", 20, True),)
    ask(shop, say.DeleteConsumerGroup(**GROUP))
    assert ask(shop, say.ListConsumerGroup(**PLACE)).groups == ()
    for command in (
        say.DeleteConsumerGroup(**GROUP),
        say.UpdateConsumerGroup(**GROUP),
        say.GetConsumerGroupCheckPoint(**GROUP),
        say.ConsumerGroupHeartBeat(**GROUP, consumer="a"),
        say.ConsumerGroupUpdateCheckPoint(**GROUP, shard=0, checkpoint=1, force=True),
    ):
        assert code(shop, command) == "ConsumerGroupNotExist"


def test_a_logstore_has_thirty_groups(shop) -> None:
    for number in range(29):
        ask(shop, say.CreateConsumerGroup(**PLACE, group=f"g{number}", timeout_seconds=10))
    one_more = say.CreateConsumerGroup(**PLACE, group="one-more", timeout_seconds=10)
    assert code(shop, one_more) == "ConsumerGroupQuotaExceed"
    assert len(ask(shop, say.ListConsumerGroup(**PLACE)).groups) == 30
    ask(shop, say.DeleteConsumerGroup(**GROUP))
    ask(shop, one_more)


def test_heartbeats_share_the_shards_and_silence_loses_them(shop) -> None:
    assert beat(shop, "a") == (0, 1)
    assert beat(shop, "b") == ()
    assert beat(shop, "a", 0, 1) == (0,)
    assert beat(shop, "a", 0) == (0,)
    assert beat(shop, "b") == (1,)
    shop.clock.now += 6
    assert beat(shop, "b", 1) == (1,)
    shop.clock.now += 6
    assert beat(shop, "b", 1) == (0, 1)
    assert code(shop, say.ConsumerGroupHeartBeat(**GROUP, consumer="a", shards=(0,))) == "NotExistConsumerWithBody"
    assert beat(shop, "a") == ()
    assert beat(shop, "b", 0, 1) == (0,)


def test_every_shard_has_a_checkpoint_entry(shop) -> None:
    assert ask(shop, say.GetConsumerGroupCheckPoint(**GROUP)).checkpoints == (say.CheckPoint(0), say.CheckPoint(1))
    save(shop, 1, 77, force=True)
    kept = say.CheckPoint(1, 77, int(shop.clock.now * 1_000_000), "")
    assert ask(shop, say.GetConsumerGroupCheckPoint(**GROUP)).checkpoints == (say.CheckPoint(0), kept)
    assert ask(shop, say.GetConsumerGroupCheckPoint(**GROUP, shard=1)).checkpoints == (kept,)
    assert code(shop, say.GetConsumerGroupCheckPoint(**GROUP, shard=2)) == "ShardNotExist"
    beyond = say.ConsumerGroupUpdateCheckPoint(**GROUP, shard=2, checkpoint=1, force=True)
    assert code(shop, beyond) == "ShardNotExist"


def test_an_unforced_checkpoint_is_the_holders_alone(shop) -> None:
    def refused(consumer: str) -> str:
        return code(shop, say.ConsumerGroupUpdateCheckPoint(**GROUP, shard=0, checkpoint=1, consumer=consumer))

    assert refused("") == refused("a") == "ConsumerNotExist"
    beat(shop, "a")
    beat(shop, "b")
    save(shop, 0, 5, "a")
    assert refused("b") == "ConsumerNotExist"
    save(shop, 0, 6, "b", force=True)
    assert ask(shop, say.GetConsumerGroupCheckPoint(**GROUP, shard=0)).checkpoints[0].cursor == 6


def test_another_server_goes_on_where_the_first_one_was(shop, catalog_url) -> None:
    beat(shop, "a")
    save(shop, 0, 2**63 - 1, "a")
    opened = Catalog(catalog_url)
    with opened.reading() as connection:
        row = connection.execute(select(consumer_rows.consumer_groups)).one()
        group = consumer_rows.load(connection, row, started=0.0)
        assert consumer_rows.load_checkpoints(connection, row.id)[0].cursor == 2**63 - 1
    opened.close()
    assert group.seen == {"a": shop.clock.now}
    assert [claim.holder for claim in group.claims.values()] == ["a", "a"]


@pytest.mark.parametrize(
    "gone",
    [
        sls_commands.DeleteLogStore(project="flows", log_store="two"),
        sls_commands.DeleteProject(project="flows"),
    ],
)
def test_what_is_deleted_takes_its_groups_along(shop, gone) -> None:
    beat(shop, "a")
    save(shop, 0, 5, "a")
    ask(shop, gone)
    tables = ("consumer_groups", "consumers", "consumer_claims", "checkpoints")
    with shop.desk.catalog.reading() as connection:
        left = [connection.scalar(select(func.count()).select_from(getattr(consumer_rows, name))) for name in tables]
    assert left == [0, 0, 0, 0]
