"""What a processor imports of its packages: run by the build, to compile that and no more.

Prints the files of all Python modules that were loaded, one a line. Fails the build where a module
does not load or does not work, be it for want of something that was slimmed away.
"""

import importlib
import sys
import warnings

MODULES = (
    *("av", "av.audio.resampler", "boto3", "ctranslate2", "cv2", "faster_whisper"),
    *("faster_whisper.vad", "numpy", "onnxruntime", "pyannote.audio.models.segmentation"),
    *("docx", "openai", "pydantic_settings"),
    *("pyannote.audio.models.embedding.wespeaker", "pyannote.audio.pipelines"),
    *(
        "safetensors.torch",
        "scenedetect.common",
        "scenedetect.detectors",
        "scipy.cluster.hierarchy",
    ),
    *("scipy.fft", "scipy.spatial.distance", "sklearn.cluster", "threadpoolctl", "tokenizers"),
    *("torch", "yaml", "zoneinfo"),
)
UNCOMPILED = "openai"
"""Only a job that asks a model server loads its 500 modules, and compiles them in two seconds.

Their bytecode would be 2 MB of the compressed image.
"""

AWS_SERVICES = ("bedrock-runtime", "s3", "dynamodb", "ecs", "sqs", "xray")


def main() -> None:
    """Import, try what loads more only when it is used, and print the files."""
    # torchcodec complains that it cannot load the system's FFmpeg; it is not used.
    warnings.simplefilter("ignore")
    loaded = {name: importlib.import_module(name) for name in MODULES}
    for service in AWS_SERVICES:
        loaded["boto3"].client(service, region_name="us-east-1")
    torch, cv2 = loaded["torch"], loaded["cv2"]
    torch.nn.functional.conv1d(torch.zeros(1, 1, 64), torch.ones(1, 1, 5))
    torch.fft.rfft(torch.zeros(64))
    cv2.absdiff(cv2.UMat(4, 4, cv2.CV_8U), cv2.UMat(4, 4, cv2.CV_8U))
    loaded["pydantic_settings"].BaseSettings()
    loaded["ctranslate2"].get_supported_compute_types("cpu")
    loaded["onnxruntime"].get_available_providers()
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == UNCOMPILED:
            continue
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and file.endswith(".py") and file != __file__:
            print(file)


if __name__ == "__main__":
    main()
