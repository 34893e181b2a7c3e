#!/bin/sh
# A batch script in a protected task: nothing in it knows of protection.
exec python -m scale_in_guard run -- sh -c '
    python -c "import time; print(\"begin\", time.time())"
    sleep 0.05
    python -c "import time; print(\"end\", time.time())"
'
