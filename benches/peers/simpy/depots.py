"""The plan `busy` of benches/src/maintenance.rs in SimPy: the same lives, and depots whose crews are nearly always at work.

    pip install simpy && python benches/peers/simpy/depots.py --seed 1

A process for each meter and each crew; jobs wait in a store by priority, spares in a count that an order fills up again.
"""

import argparse
import json
import math
import time

import simpy

from maintenance import GOLDEN, MASK, PARTS, YEAR_S, key, mix64, unit

# ---- The plan. All times are whole seconds, those of the plan since the first day on which a meter may have been installed.
DAY_S = 86400
# Meters, the temperature inside of them, crews.
DEPOTS = [(7_800, 41.0, 1), (16_500, 41.0, 2), (27_500, 40.0, 3), (9_800, 39.0, 1)]
# Meters were installed evenly over years before the plan.
BEFORE_S = int(14 * YEAR_S)
# Spare meters of each crew, how many are left when more are ordered, and how long these take.
FULL, REORDER, LEAD_S = 400, 125, 60 * DAY_S
# ---- The rules, each here and nowhere else.
# From a meter's falling silent to the job: an alarm, and patience; and within what time it is to be done.
KNOWN_S = DAY_S + 3 * DAY_S
WITHIN_S = 30 * DAY_S
# A crew works from this second of the day for so long, on the first days of each week; what is not finished goes on on the next.
SHIFT_BEGINS_S, SHIFT_S, SHIFT_DAYS = 8 * 3600, 8 * 3600, 5
# Meters on a square kilometre, and metres a second between two of them.
DENSITY, SPEED = 200, 30 / 3.6
# An exchange, on average, and the share of it that scatters (exponentially).
EXCHANGE_S, SPREAD = 9000, 0.3
# Nobody opens: how often, how long the crew waits, and when another one comes.
LOCKED, LOCKED_S, AGAIN_S = 0.05, 600, 7 * DAY_S


def order(job):
    """The job that is due first comes first, of two the one with the lower number."""
    return (job.due, job.meter)


def way_s(area_km2, waiting):
    """From meter to meter; shorter the more of them wait."""
    return int(0.55 * math.sqrt(area_km2 * 1e6 / (waiting + 1)) / SPEED)


def visit(seed, meter, begun):
    """Whether somebody opens, and how long the work takes: three numbers of the meter's stream at that moment."""
    stream = key(seed, meter, 4)
    door, _, pace = ((mix64((stream + ((begun << 3) + n) * GOLDEN) & MASK) >> 11) / (1 << 53) for n in (1, 2, 3))
    opens = door >= LOCKED
    return opens, int(EXCHANGE_S * (1 - SPREAD + SPREAD * -math.log(1 - pace))) if opens else LOCKED_S


def worked(at):
    """Seconds of shifts that have passed at a time."""
    day, second = divmod(max(at - SHIFT_BEGINS_S, 0), DAY_S)
    week, day = divmod(day, 7)
    whole = week * SHIFT_DAYS + min(day, SHIFT_DAYS)
    return whole * SHIFT_S + (min(second, SHIFT_S) if day < SHIFT_DAYS else 0)


def when(of):
    """When so many seconds of shifts have passed."""
    shift, second = divmod(of, SHIFT_S)
    week, day = divmod(shift, SHIFT_DAYS)
    return (week * 7 + day) * DAY_S + second + SHIFT_BEGINS_S


def on_shift(at):
    return worked(at + 1) > worked(at)


def next_shift(at):
    """The beginning of the next shift, at a time that is in none."""
    return when(worked(at))


# ---- Lives.
def fails_at(seed, number, generation, since, begins, rate):
    """When the first part of a meter fails; one that was there when the plan began has lived until then."""
    first = math.inf
    for part, (eta, beta) in enumerate(PARTS):
        scale = eta * YEAR_S
        hazard = -math.log(1.0 - unit(seed, number, part, generation))
        if generation == 0 and since < begins:
            hazard += ((begins - since) * rate / scale) ** beta
        first = min(first, since + scale * hazard ** (1 / beta) / rate)
    return int(first)


class Job:
    def __init__(self, meter, now, done):
        self.meter, self.known, self.due, self.done, self.tried = meter, now, now + WITHIN_S, done, False

    def __lt__(self, other):
        return order(self) < order(other)


class Depot:
    def __init__(self, world, seed, first, spec, told):
        self.world, self.seed, self.told = world, seed, told
        meters, at_c, crews = spec
        self.rate, self.area_km2 = 2 ** ((at_c - 30) / 10), meters / DENSITY
        self.full, self.reorder = crews * FULL, crews * REORDER
        self.there, self.ordered = self.full, 0
        self.jobs, self.waiting, self.put_off, self.exchanges = simpy.PriorityStore(world), 0, [], 0
        for number in range(first, first + meters):
            world.process(self.meter(number))
        for _ in range(crews):
            world.process(self.crew())

    def queue(self, job):
        self.waiting += 1
        self.jobs.put(job)

    def meter(self, number):
        since = int(BEFORE_S * ((mix64((key(self.seed, number, 1) + GOLDEN) & MASK) >> 11) / (1 << 53)))
        for generation in range(256):
            fails = fails_at(self.seed, number, generation, since, BEFORE_S, self.rate)
            yield self.world.timeout(max(fails - self.world.now, 0))
            yield self.world.timeout(KNOWN_S)
            done = self.world.event()
            self.queue(Job(number, int(self.world.now), done))
            yield done
            since = int(self.world.now)

    def crew(self):
        while True:
            job = yield self.jobs.get()
            self.waiting -= 1
            now = int(self.world.now)
            if not on_shift(now):
                self.queue(job)
                yield self.world.timeout(next_shift(now) - now)
            elif self.there == 0:
                self.put_off.append(job)
            else:
                yield from self.go(job, now)

    def go(self, job, begun):
        """A meter is taken when it is put in: two crews may set out for the last one."""
        opens, work = visit(self.seed, job.meter, begun)
        took = way_s(self.area_km2, self.waiting) + work
        first, job.tried = not job.tried, True
        yield self.world.timeout(when(worked(begun) + max(took, 1)) - begun)
        self.told["visits"] += 1
        self.told["busy_s"] += took
        if first:
            self.told["waits"].append(begun - job.known)
        if not opens:
            self.world.process(self.again(job, AGAIN_S))
        elif self.there == 0:
            job.due = max(job.due, int(self.world.now) + WITHIN_S)
            self.queue(job)
        else:
            self.take()
            job.done.succeed()

    def take(self):
        self.exchanges += 1
        self.there -= 1
        if self.there <= self.reorder and self.ordered == 0:
            self.ordered = self.full - self.there
            self.world.process(self.arrive())

    def arrive(self):
        yield self.world.timeout(LEAD_S)
        self.there, self.ordered = self.there + self.ordered, 0
        waited, self.put_off = self.put_off, []
        for job in waited:
            self.queue(job)

    def again(self, job, after):
        yield self.world.timeout(after)
        self.queue(job)


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--years", type=int, default=20)
    o = options.parse_args()
    began = time.perf_counter()
    world = simpy.Environment(initial_time=BEFORE_S)
    told = {"visits": 0, "busy_s": 0, "waits": []}
    depots, first = [], 0
    for spec in DEPOTS:
        depots.append(Depot(world, o.seed, first, spec, told))
        first += spec[0]
    world.run(until=BEFORE_S + int(o.years * YEAR_S))
    waits = sorted(told["waits"])
    shifts_s = sum(crews for _, _, crews in DEPOTS) * SHIFT_S * SHIFT_DAYS / 7 * YEAR_S / DAY_S * o.years
    print(json.dumps({
        "bench": "depots, simpy", "meters": first, "years": o.years, "visits": told["visits"],
        "exchanges": sum(depot.exchanges for depot in depots), "busy_share": told["busy_s"] / shifts_s,
        "wait_s": sum(waits) / len(waits), "wait_p90_s": waits[math.ceil(0.9 * len(waits)) - 1],
        "wall_s": time.perf_counter() - began,
    }))


if __name__ == "__main__":
    main()
