"""A queue as Sidekiq has it (dramatiq, whose broker is one Lua script) on the server whose port is given: jobs, retries, delays, and what a dead worker left."""

import logging
import sys
import threading
import time

import dramatiq
from dramatiq.brokers.redis import RedisBroker

PORT = int(sys.argv[1])

logging.disable()  # What fails is meant to.
broker = RedisBroker(port=PORT, heartbeat_timeout=300, maintenance_chance=1_000_000)
dramatiq.set_broker(broker)
done, attempts, lock = [], {}, threading.Lock()


@dramatiq.actor(max_retries=3, min_backoff=10, max_backoff=20)
def work(name, failures):
    with lock:
        attempts[name] = attempts.get(name, 0) + 1
        if attempts[name] <= failures:
            raise RuntimeError("not yet")
        done.append(name)


# A worker takes a job and dies: its heart stops, and another worker's maintenance gives the job back.
work.send("orphan", 0)
dead = RedisBroker(port=PORT, heartbeat_timeout=300)
taken = dead.consume("default", timeout=500)
assert next(taken).args[0] == "orphan"
assert broker.client.llen("dramatiq:default") == 0
time.sleep(0.4)

for index in range(50):
    work.send(f"job {index}", 0)
work.send("flaky", 2)
work.send("hopeless", 9)
work.send_with_options(args=("late", 0), delay=200)

worker = dramatiq.Worker(broker, worker_timeout=50, worker_threads=4)
worker.start()
for _ in range(200):
    if len(done) == 53 and attempts.get("hopeless") == 4:
        break
    time.sleep(0.05)
broker.join("default", timeout=10_000)
worker.join()
worker.stop()

assert sorted(done) == sorted(["orphan", "flaky", "late", *(f"job {index}" for index in range(50))]), done
assert attempts["flaky"] == 3, attempts
assert attempts["hopeless"] == 4, attempts
assert done.index("late") > done.index("job 0")
# What failed for good is kept among the dead.
assert broker.client.zcard("dramatiq:default.XQ") == 1
print("ok")
