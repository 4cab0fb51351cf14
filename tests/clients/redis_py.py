"""redis-py against the server whose port is given, in both protocols."""

import sys
import time

import redis

PORT = int(sys.argv[1])

for protocol in (2, 3):
    r = redis.Redis(port=PORT, protocol=protocol, client_name="snake", decode_responses=True)
    r.flushall()
    assert r.ping() is True
    assert r.client_getname() == "snake"

    assert r.set("k", "v", ex=100) is True
    assert r.get("k") == "v"
    assert 90 < r.ttl("k") <= 100
    assert r.get("none") is None
    assert r.incr("n") == 1
    assert r.incrbyfloat("f", 1.5) == 1.5
    assert r.mset({"a": 1, "b": 2}) is True
    assert r.mget("a", "b", "none") == ["1", "2", None]
    assert r.exists("a", "b", "none") == 2
    assert r.type("a") == "string"

    assert r.hset("h", mapping={"f": "v", "g": "w"}) == 2
    assert r.hgetall("h") == {"f": "v", "g": "w"}
    assert r.rpush("l", "a", "b") == 2
    assert r.lrange("l", 0, -1) == ["a", "b"]
    assert r.sadd("s", "x", "y") == 2
    assert r.smembers("s") == {"x", "y"}
    assert r.zadd("z", {"a": 1.5, "b": 2}) == 2
    assert r.zscore("z", "a") == 1.5
    assert [tuple(pair) for pair in r.zrange("z", 0, -1, withscores=True)] == [("a", 1.5), ("b", 2.0)]

    pipe = r.pipeline(transaction=False)
    for index in range(1000):
        pipe.set(f"many:{index}", index)
    assert pipe.execute() == [True] * 1000
    assert len(set(r.scan_iter("many:*", count=100))) == 1000
    assert r.dbsize() == len(r.keys("*"))

    try:
        r.lpush("k", "x")
        raise AssertionError("no WRONGTYPE")
    except redis.ResponseError as error:
        assert "WRONGTYPE" in str(error), error

    assert r.set("short", "lived", px=30)
    time.sleep(0.06)
    assert r.get("short") is None

    # A pipeline whose replies nobody reads before all of it was sent.
    big = "x" * 10_000
    r.set("big", big)
    pipe = r.pipeline(transaction=False)
    for _ in range(5000):
        pipe.get("big")
    assert all(value == big for value in pipe.execute())
    assert r.info("server")["redis_version"]
    r.close()
print("ok")
