"""How a server is, in words. No streamlit."""

from __future__ import annotations

from cifar7.runs.health import Health, Worker
from cifar7.runs.workers.published import MOST_LOST
from cifar7.ui.words.wording import NO_BREAK, count

GB = 1e9
LITTLE_MEMORY, LITTLE_DISK = 1.0 * GB, 2.0 * GB


def gigabytes(number: float | None) -> str:
    """As in "3.2 GB"; a dash where it is not known."""
    return "–" if number is None else f"{number / GB:.1f}{NO_BREAK}GB"


def verdict(health: Health) -> tuple[bool, str]:
    """Whether all is well, and one or two sentences that say so, or what is not and what to do."""
    troubles = list(_troubles(health))
    if troubles:
        return False, " ".join(troubles)
    going = f"{count(len(health.running), 'run')} {'is' if len(health.running) == 1 else 'are'} trained"
    waiting = f"{count(len(health.waiting), 'run')} {'waits' if len(health.waiting) == 1 else 'wait'}"
    return True, f"All is well: {going}, {waiting}."


def _troubles(health: Health) -> list[str]:
    troubles = []
    if health.waiting and not any(worker.alive for worker in health.workers):
        troubles.append(
            "Runs wait and no worker serves them. One is started whenever somebody looks at Train; if this "
            "stays, read the log below."
        )
    troubles += [
        f"{count(worker.told.lost, 'worker')} in a row lost the device {worker.told.device} "
        f"({worker.told.trouble}): start this machine anew, or train on the CPU."
        for worker in health.workers
        if worker.told.lost >= MOST_LOST
    ]
    if health.memory_free is not None and health.memory_free < LITTLE_MEMORY:
        troubles.append(
            f"Only {gigabytes(health.memory_free)} of memory are free: close other programs here, or "
            "stop the largest run."
        )
    if health.disk_free is not None and health.disk_free < LITTLE_DISK:
        troubles.append(
            f"Only {gigabytes(health.disk_free)} of disk are free: remove old runs with "
            "“python -m cifar7 runs clean --older-than 30d”."
        )
    return troubles


def worker_words(worker: Worker) -> str:
    """One worker in a line."""
    if not worker.alive:
        return f"Worker for {worker.device}: not running; one starts as soon as there is work"
    memory = "" if worker.memory is None else f", {gigabytes(worker.memory)} of memory"
    where = f", trains on {worker.told.device}" if worker.told.device else ""
    return f"Worker for {worker.device}: alive (process {worker.pid or 'unknown'}{memory}){where}"
