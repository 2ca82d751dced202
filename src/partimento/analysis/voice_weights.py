"""Weights of the links between the notes of a voice.

They are logarithms of odds: a positive weight makes a link likelier. ``python
benchmarks/voice_weights.py`` fits them to chorales by Bach and to quartets by Haydn and Mozart.
"""

# One weight per class; `voice_links` has the limits of the classes.
TABLES = {
    # The interval from the voice's last note: a repeated note first, then wider and wider ones.
    "interval": (0.52, 1.73, 1.12, -0.13, -0.32, -0.52, -1.27, -1.27, -1.93, -2.55),
    "interval_after_rest": (-0.56, -0.36, -0.41, -0.51, -0.51, -0.51, -0.51, -0.51, -0.88, -1.63),
    # The distances from the moving average of the voice, and from the mean of all its notes.
    "register": (0.0, -0.22, -0.42, -0.84, -0.93, -1.38),
    "mean": (0.0, -0.05, -0.05, -0.4, -0.83, -0.85),
    # The time since the voice's last note ended: none first.
    "gap": (0.0, -0.93, -1.15, -1.15, -1.8, -1.81, -2.3),
    # The ratio of the durations: equal, below 2, below 4, from 4 on.
    "ratio": (1.31, 0.21, 0.21, -0.52),
}
NEW_VOICE = -1.3  # the first note of a voice
# Each of these counts per voice that is crossed.
PENALTIES = {
    "crosses_held": -0.39,  # a held note is now on the other side of the voice
    "passes_last": -0.33,  # the last pitch of a silent voice lies between the two notes
    "inner_on_top": -0.6,  # the highest note belongs to another than the highest voice
    "inner_on_bottom": -0.66,  # the lowest note belongs to another than the lowest voice
}
# Each of these counts per pair of notes that begin together.
PAIR_PENALTIES = {
    "crosses": -0.7,  # the last notes of the two voices were in the other order
    "disorders": -0.71,  # the means of the two voices are in the other order
    "disorders_far": -0.84,  # and they are far apart
}
