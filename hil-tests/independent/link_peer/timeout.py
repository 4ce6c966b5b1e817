"""When something that was sent counts as lost. Section 4, "Sender"."""

FIRST, LEAST, MOST = 50.0, 10.0, 1000.0
DOUBLINGS = 4


class Timeout:
    """The time-out of RFC 6298, in milliseconds, from measured round trips."""

    def __init__(self):
        self.smoothed = None
        self.variation = 0.0
        self.doublings = 0

    def value(self) -> float:
        base = FIRST if self.smoothed is None else max(self.smoothed + 4 * self.variation, LEAST)
        return min(base * 2**self.doublings, MOST)

    def measured(self, round_trip: float):
        """What was sent once only has been acknowledged after `round_trip`."""
        if self.smoothed is None:
            self.smoothed, self.variation = round_trip, round_trip / 2
        else:
            self.variation += (abs(self.smoothed - round_trip) - self.variation) / 4
            self.smoothed += (round_trip - self.smoothed) / 8

    def passed(self):
        self.doublings = min(self.doublings + 1, DOUBLINGS)


class Flight:
    """Something that is under way: when and how often it was sent."""

    def __init__(self, what):
        self.what = what
        self.times = 0
        self.sent_at = 0.0
        self.lost = False
        self.order = 0
        # The first of its sendings that an acknowledgement may be for.
        self.since = 0

    def sent(self, now: float, order: int):
        self.since = self.since or order
        self.times += 1
        self.sent_at, self.order, self.lost = now, order, False


class Flights:
    """All that is under way in one lane, and what of it counts as lost."""

    def __init__(self):
        self.timeout = Timeout()
        self.flights: list[Flight] = []
        self.order = 0
        self.newest_arrived = 0

    def send(self, flight: Flight, now: float):
        self.order += 1
        flight.sent(now, self.order)
        if flight not in self.flights:
            self.flights.append(flight)

    def arrived(self, arrived, now: float) -> list[Flight]:
        """Forgets the flights of which `arrived(flight)` holds and marks those that they have overtaken as lost.

        The line keeps the order, so what was sent before something that arrived either has arrived or never will.
        """
        done = [flight for flight in self.flights if flight.times and arrived(flight)]
        if not done:
            return done
        self.flights = [flight for flight in self.flights if flight not in done]
        self.timeout.doublings = 0
        for flight in done:
            if flight.times == 1:
                self.timeout.measured(now - flight.sent_at)
            self.newest_arrived = max(self.newest_arrived, flight.since)
        return done

    def overtaken(self) -> list[Flight]:
        """Marks and returns what is newly known to be lost because something sent later arrived."""
        lost = [f for f in self.flights if not f.lost and f.order < self.newest_arrived]
        for flight in lost:
            flight.lost = True
            flight.since = 0  # what is acknowledged from now on is a later sending
        return lost

    def late(self, now: float) -> list[Flight]:
        """Marks and returns what is newly lost because its time has passed."""
        lost = [f for f in self.flights if not f.lost and now - f.sent_at >= self.timeout.value()]
        for flight in lost:
            flight.lost = True
        if lost:
            self.timeout.passed()
        return lost

    def send_all_again(self):
        for flight in self.flights:
            flight.lost = True

    def next_lost(self) -> Flight | None:
        return next((flight for flight in self.flights if flight.lost), None)

    def deadline(self) -> float | None:
        """When the first of them is late."""
        waiting = [f.sent_at for f in self.flights if not f.lost]
        return min(waiting) + self.timeout.value() if waiting else None
