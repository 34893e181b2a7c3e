"""A burst of uploads into an account that admits one task at a time."""

from runtime.core.jobs import LONGEST_PAUSE_SECONDS, Job, State
from runtime.core.ports import RunningTask
from tests.unit.dispatcher.test_waiting import STEP_SECONDS, SWEEP_SECONDS, Account
from tests.unit.dispatcher.world import s3_event

UPLOADS = 200
JOB_SECONDS = 60.0


class ShortJobs(Account):
    """An account whose jobs take a minute each."""

    def launch(self, job: Job) -> RunningTask:
        task = super().launch(job)
        self.ends[job.job_id] = self.clock.now() + JOB_SECONDS
        return task


def test_should_finish_two_hundred_uploads_in_one_slot_which_is_hardly_ever_free() -> None:
    account = ShortJobs()
    sources = [account.upload(f"uploads/{n:03}.mp4", str(n).encode()) for n in range(UPLOADS)]
    for source in sources:
        account.send(s3_event(source.key))
    began = account.clock.now()
    for step in range(int(UPLOADS * (JOB_SECONDS + LONGEST_PAUSE_SECONDS) / STEP_SECONDS)):
        account.step()
        if step % (SWEEP_SECONDS / STEP_SECONDS) == 0:
            account.sweep()
            account.collect()
        if len(account.finished) == UPLOADS:
            break
    jobs = [account.job(source) for source in sources]
    assert {(job.state, job.runs, job.misses) for job in jobs} == {(State.SUCCEEDED, 1, 0)}
    assert account.dead == []
    assert account.clock.now() - began < 1.25 * UPLOADS * JOB_SECONDS
