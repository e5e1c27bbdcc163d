"""Makes labelled pairs of questions by program: do these two questions ask the same?

- `slots`: what goes into the slots of a question, by type; neighbours that are easily taken for one another.
- `actions`, `topics`, `misc`, `contrasts`: the tables of questions, read by `tables`. `tails`: extra conditions.
- `frames`: families of questions, senses and meanings; puts a meaning into words. Two meanings ask the same exactly if
  their keys are equal: labels follow from meanings, never from texts.
- `relations`: changes a meaning in one respect. `surface`: changes a text and not its meaning.
- `generate`: pairs and streams, and the command line.

To add questions, extend a table and run the tests: they check that no phrasing belongs to two senses.
"""
