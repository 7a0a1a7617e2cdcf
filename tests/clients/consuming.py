"""A consumer as its users write one, in a process of its own so that it can be killed.

Arguments: endpoint, AccessKey id and secret, project, logstore, group, consumer, file. Every row's ``note`` becomes a
line ``shard note`` of the file before the row counts as processed; checkpoints are saved as the library does by itself.
"""

from __future__ import annotations

import os
import sys

from aliyun.log.consumer import ConsumerProcessorBase, ConsumerWorker, CursorPosition, LogHubConfig

HEARTBEAT_SECONDS = 1
"""The group's timeout is twice that, by the library's rule."""


class Noting(ConsumerProcessorBase):
    """Writes the notes down and lets the library decide when the checkpoint is sent; ``always``: at once."""

    def __init__(self, path: str, always: bool = False) -> None:
        super().__init__()
        self._path = path
        self._always = always

    def process(self, log_groups, check_point_tracker):
        lines = [
            f"{self.shard_id} {content.Value}\n"
            for group in log_groups.LogGroups
            for row in group.Logs
            for content in row.Contents
            if content.Key == "note"
        ]
        with open(self._path, "a") as notes:
            notes.write("".join(lines))
            notes.flush()
            os.fsync(notes.fileno())
        self.save_checkpoint(check_point_tracker, force=self._always)


def worker(access: tuple[str, str, str], place: tuple[str, str, str], consumer: str, **processor: object):
    """A worker of the library; not started. ``access``: endpoint and key; ``place``: project, logstore, group."""
    config = LogHubConfig(
        *access,
        *place,
        consumer,
        cursor_position=CursorPosition.BEGIN_CURSOR,
        heartbeat_interval=HEARTBEAT_SECONDS,
        data_fetch_interval=0.2,
    )
    return ConsumerWorker(Noting, config, kwargs=processor)


if __name__ == "__main__":
    worker(tuple(sys.argv[1:4]), tuple(sys.argv[4:7]), sys.argv[7], path=sys.argv[8]).start(join=True)
