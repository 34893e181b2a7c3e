"""Every combination of valid options, for property tests."""

from hypothesis import strategies as st

from runtime.core.contract import Channels, Compute, LeaveOut, Quality, Redact, SceneModel
from runtime.core.option_schema import LANGUAGES, MAX_KEEP_DAYS, MAX_SPEAKERS
from runtime.core.options import JobOptions

CHOICES = st.builds(
    JobOptions,
    compute=st.sampled_from(Compute),
    languages=st.lists(st.sampled_from(sorted(LANGUAGES)), max_size=3, unique=True).map(tuple),
    min_speakers=st.none() | st.integers(1, 2),
    max_speakers=st.none() | st.integers(2, MAX_SPEAKERS),
    vocabulary=st.lists(st.sampled_from(["Gr\u00fc\u00dfe", "Anna Weber"]), unique=True).map(tuple),
    quality=st.none() | st.sampled_from(Quality),
    audio_track=st.none() | st.sampled_from(["1", "42", "deu"]),
    channels=st.sampled_from(Channels),
    leave_out=st.lists(st.sampled_from(LeaveOut), unique=True).map(tuple),
    scene_model=st.none() | st.sampled_from(SceneModel),
    summary_kind=st.none() | st.sampled_from(["meeting", "team-retro"]),
    summary_language=st.none() | st.sampled_from(sorted(LANGUAGES)),
    translate=st.none() | st.just("en"),
    redact=st.none() | st.sampled_from(Redact),
    keep_days=st.none() | st.integers(1, MAX_KEEP_DAYS),
)
