"""Weights of the links between the notes of a voice.

They are logarithms of odds: a positive weight makes a link likelier. ``python
benchmarks/voice_weights.py`` fits them to chorales by Bach, quartets by Haydn and Mozart, and piano
music by C. P. E. Bach and Mozart.
"""

# One weight per class; `voice_links` has the limits of the classes.
TABLES = {
    # The interval from the voice's last note: a repeated note first, then wider and wider ones.
    "interval": (0.94, 2.09, 1.57, 0.41, 0.12, -0.14, -0.56, -0.56, -0.85, -1.1),
    "interval_after_rest": (-0.35, 0.7, 0.41, -0.3, -0.3, -0.3, -0.6, -0.6, -0.91, -1.91),
    # The distances from the moving average of the voice, and from the mean of all its notes.
    "register": (0.0, -0.28, -0.43, -0.73, -0.73, -1.29),
    "mean": (0.0, -0.01, -0.05, -0.36, -0.71, -1.4),
    # The time since the voice's last note ended: none first.
    "gap": (0.0, 0.0, -0.63, -0.63, -0.78, -1.86, -4.59),
    # The ratio of the durations: equal, below 2, below 4, from 4 on.
    "ratio": (3.38, 2.26, 2.26, 1.66),
}
NEW_VOICE = -3.26  # the first note of a voice
# Each of these counts per voice that is crossed.
PENALTIES = {
    "crosses_held": -0.38,  # a held note is now on the other side of the voice
    "passes_last": -0.11,  # the last pitch of a silent voice lies between the two notes
    "inner_on_top": -0.6,  # the highest note belongs to another than the highest voice
    "inner_on_bottom": -0.36,  # the lowest note belongs to another than the lowest voice
}
# Each of these counts per pair of notes that begin together.
PAIR_PENALTIES = {
    "crosses": -0.85,  # the last notes of the two voices were in the other order
    "disorders": -0.93,  # the means of the two voices are in the other order
    "disorders_far": -0.65,  # and they are far apart
}
