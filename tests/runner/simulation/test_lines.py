"""Places in a line: bounded, in order, and never lost."""

from __future__ import annotations

import asyncio
import random
import threading

from runner.simulation.line import Line


def test_places_are_given_in_the_order_of_asking():
    line = Line(lambda: 2)
    entered: list[int] = []

    async def one(number: int) -> None:
        await line.enter()
        entered.append(number)

    async def scene() -> None:
        tasks = [asyncio.create_task(one(number)) for number in range(5)]
        await asyncio.sleep(0.01)
        assert (entered, line.waiting) == ([0, 1], 3)
        line.leave()
        await asyncio.sleep(0.01)
        assert entered == [0, 1, 2]
        for _ in range(2):
            line.leave()
        await asyncio.gather(*tasks)
        assert entered == [0, 1, 2, 3, 4]

    asyncio.run(asyncio.wait_for(scene(), 5))


def test_who_gives_up_leaves_no_gap_and_takes_no_place():
    line = Line(lambda: 1)

    async def scene() -> None:
        await line.enter()
        impatient, patient = asyncio.create_task(line.enter()), asyncio.create_task(line.enter())
        await asyncio.sleep(0.01)
        impatient.cancel()
        await asyncio.sleep(0.01)
        line.leave()
        await patient
        assert line.waiting == 0

    asyncio.run(asyncio.wait_for(scene(), 5))


def test_who_is_cancelled_in_the_moment_of_its_turn_gives_the_place_back():
    line = Line(lambda: 1)

    async def scene() -> None:
        await line.enter()
        unlucky, next_one = asyncio.create_task(line.enter()), asyncio.create_task(line.enter())
        await asyncio.sleep(0.01)
        line.leave()
        unlucky.cancel()
        await next_one

    asyncio.run(asyncio.wait_for(scene(), 5))


def test_who_waited_on_a_loop_that_is_gone_is_passed_over():
    line = Line(lambda: 1)
    asyncio.run(line.enter())
    lost = asyncio.new_event_loop()
    task = lost.create_task(line.enter())
    lost.run_until_complete(asyncio.sleep(0.01))
    lost.close()
    assert line.waiting == 1
    line.leave()
    asyncio.run(asyncio.wait_for(line.enter(), 5))
    del task


def test_a_raised_limit_counts_at_the_next_leaving():
    places = [1]
    line = Line(lambda: places[0])

    async def scene() -> None:
        await line.enter()
        tasks = [asyncio.create_task(line.enter()) for _ in range(2)]
        await asyncio.sleep(0.01)
        places[0] = 2
        line.leave()
        await asyncio.gather(*tasks)

    asyncio.run(asyncio.wait_for(scene(), 5))


def test_crowds_on_several_loops_never_exceed_the_limit_and_all_get_through():
    line, inside, most, lock = Line(lambda: 3), [0], [0], threading.Lock()

    async def one(chance: random.Random) -> None:
        try:
            async with asyncio.timeout(chance.choice([0.001, 5])):
                await line.enter()
        except TimeoutError:
            return
        with lock:
            inside[0] += 1
            most[0] = max(most[0], inside[0])
        await asyncio.sleep(chance.random() / 500)
        with lock:
            inside[0] -= 1
        threading.Thread(target=line.leave).start()

    async def crowd(seed: int) -> None:
        chance = random.Random(seed)
        await asyncio.wait_for(asyncio.gather(*(one(chance) for _ in range(60))), 20)

    threads = [threading.Thread(target=lambda seed=seed: asyncio.run(crowd(seed))) for seed in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert 1 <= most[0] <= 3
    assert (inside[0], line.waiting) == (0, 0)
    asyncio.run(asyncio.wait_for(line.enter(), 5))
