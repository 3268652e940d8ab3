"""The benchmarks: each figure beside the raw limit of the same machine in the same run, with durability on."""
