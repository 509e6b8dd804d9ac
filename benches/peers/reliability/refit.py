"""Weibull laws fitted to lives, some of which had not ended: JSON on standard input, JSON on standard output.

    pip install reliability
    echo '{"failed": [3.1, 4.5], "living": [5.0]}' | python benches/peers/reliability/refit.py
"""

import contextlib
import json
import sys

from reliability.Fitters import Fit_Weibull_2P


def main():
    lives = json.load(sys.stdin)
    # The package tells of its progress on standard output.
    with contextlib.redirect_stdout(sys.stderr):
        fit = Fit_Weibull_2P(
            failures=lives["failed"], right_censored=lives["living"] or None, show_probability_plot=False, print_results=False
        )
    print(json.dumps({"eta": float(fit.alpha), "beta": float(fit.beta)}))


main()
