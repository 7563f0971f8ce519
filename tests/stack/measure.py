"""Sizes of the binaries, and what a start of each costs: until it asks for its first event.

    measure.py BUILT [--write DOCUMENT]

Time on the wall says something of this machine only. CPU time is what Lambda charges and rations: at
256 MB a function has about a seventh of a core, so that much longer is its start there.
"""

import datetime
import http.server
import os
import platform
import signal
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

from emulator.functions import pack
from tenant import signing_key

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs/reference/performance.md"
STARTS = 20
# vCPUs at 256 MB, of one at 1,769 MB
SHARE = 256 / 1769


class RuntimeApi(http.server.BaseHTTPRequestHandler):
    """Says when a function asks for its first event, and keeps it waiting"""

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.server.asked.set()
        self.server.over.wait(10)


def start(bootstrap: Path, config: Path) -> tuple[float, float]:
    """Milliseconds on the wall, and milliseconds of CPU"""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), RuntimeApi)
    server.daemon_threads = True
    server.asked, server.over = threading.Event(), threading.Event()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    environment = {
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.server_port}",
        "AWS_LAMBDA_FUNCTION_NAME": "measured",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_LOG_FORMAT": "JSON",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "measured",
        "AWS_SECRET_ACCESS_KEY": "measured",
        "DEFUSE_CONFIG": str(config),
        "DEFUSE_TABLE": "measured",
        "DEFUSE_TOPIC_ARN": "arn:aws:sns:us-east-1:123456789012:measured",
        "DEFUSE_RECEIVE_SIGNING_KEY": signing_key(),
        "DEFUSE_CHANNEL_SOC_URL": "https://contoso.example/",
    }
    begin = time.monotonic()
    process = subprocess.Popen([bootstrap], env=environment, stderr=subprocess.PIPE)
    asked = server.asked.wait(10)
    wall = (time.monotonic() - begin) * 1000
    # Not `kill()`, which would take the usage away from us.
    os.kill(process.pid, signal.SIGKILL)
    _, _, usage = os.wait4(process.pid, 0)
    process.returncode = 0
    error = process.stderr.read().decode()
    process.stderr.close()
    server.over.set()
    server.shutdown()
    server.server_close()
    if not asked:
        raise SystemExit(f"{bootstrap} does not start: {error}")
    return wall, (usage.ru_utime + usage.ru_stime) * 1000


def processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":")[1].strip()
    return "unknown"


def main() -> int:
    built = Path(sys.argv[1])
    config = built / "bundle/infra"
    lines = [
        f"Measured on {datetime.date.today()}, {platform.machine()} ({processor()}, {os.cpu_count()} "
        f"cores), {STARTS} starts each; load at the beginning {os.getloadavg()[0]:.1f}.",
        "",
        "| function | binary | archive | start, CPU | start, wall | at 256 MB, about |",
        "|---|---|---|---|---|---|",
    ]
    for folder in sorted((built / "functions").iterdir()):
        bootstrap = folder / "bootstrap"
        starts = [start(bootstrap.resolve(), config.resolve()) for _ in range(STARTS)]
        wall, cpu = (statistics.median(it) for it in zip(*starts))
        size, archive = bootstrap.stat().st_size / 1e6, len(pack(folder)) / 1e6
        lines.append(
            f"| {folder.name} | {size:.1f} MB | {archive:.1f} MB | {cpu:.0f} ms | {wall:.0f} ms "
            f"| {cpu / SHARE:.0f} ms |"
        )
    text = "\n".join(lines) + "\n"
    print(text)
    if "--write" in sys.argv:
        begin, end = "<!-- measure: begin -->\n", "<!-- measure: end -->"
        before, rest = DOCUMENT.read_text().split(begin)
        DOCUMENT.write_text(f"{before}{begin}{text}{end}{rest.split(end)[1]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
