"""The plan of benches/src/maintenance.rs in SimPy: the same lives, the same crews, a process for each meter.

    pip install simpy && python benches/peers/simpy/maintenance.py --meters 50000
"""

import argparse
import json
import math
import resource
import time

import simpy

MASK = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15
YEAR_S = 365.25 * 86400
# eta in years at 30 C, beta: boards, modules, capacitors.
PARTS = [(1 / 0.003, 1.0), (40.0, 3.0), (35.0, 5.0)]
LIFE = 1 << 16
WORK_S = 7200
# From a meter's falling silent to the job: an alarm, and patience.
KNOWN_S = 2


def mix64(z):
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def key(seed, entity, purpose):
    a = mix64((seed + GOLDEN) & MASK)
    b = mix64(a ^ ((entity * 0xD6E8FEB86659FD93 + GOLDEN) & MASK))
    return mix64(b ^ ((purpose * 0xA0761D6478BD642F + GOLDEN) & MASK))


def unit(seed, meter, part, generation):
    """The first number of a part's stream, in [0, 1)."""
    return (mix64((key(seed, meter, LIFE + (part << 8) + generation) + GOLDEN) & MASK) >> 11) / (1 << 53)


def life_s(seed, meter, generation, rate):
    """Until the first of a meter's parts fails; it ages `rate` times as fast as at 30 C."""

    def one(part, eta, beta):
        hazard = -math.log(1.0 - unit(seed, meter, part, generation))
        return eta * YEAR_S * hazard ** (1 / beta) / rate

    return min(one(part, eta, beta) for part, (eta, beta) in enumerate(PARTS))


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--meters", type=int, default=50000)
    options.add_argument("--temperature", type=float, default=40.0)
    options.add_argument("--crews", type=int, default=1)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--years", type=int, default=20)
    o = options.parse_args()
    rate = 2 ** ((o.temperature - 30) / 10)
    began = time.perf_counter()
    world = simpy.Environment()
    crews = simpy.PriorityResource(world, capacity=o.crews)
    waits = []
    done = [0]

    def meter(number):
        for generation in range(256):
            yield world.timeout(life_s(o.seed, number, generation, rate))
            yield world.timeout(KNOWN_S)
            known = world.now
            with crews.request(priority=(int(known), number)) as turn:
                yield turn
                waits.append(world.now - known)
                yield world.timeout(WORK_S)
            done[0] += 1

    for number in range(o.meters):
        world.process(meter(number))
    world.run(until=o.years * YEAR_S)
    print(json.dumps({
        "bench": "maintenance, simpy", "meters": o.meters, "years": o.years, "jobs": done[0],
        "wait_s": sum(waits) / max(len(waits), 1), "wall_s": time.perf_counter() - began,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }))


if __name__ == "__main__":
    main()
