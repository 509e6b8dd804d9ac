#!/bin/sh
# A sweep of {NAME} in {SHARES} shares: `sbatch` this file where the scenario is. amitwin must be on the path of the nodes, and the
# folder be shared between them. What has ended is kept: a share that failed or was requeued goes on.
#SBATCH --job-name={WORD}
#SBATCH --array=1-{SHARES}
#SBATCH --cpus-per-task={CPUS}
#SBATCH --mem={GIB}G
#SBATCH --time=12:00:00
#SBATCH --requeue
set -eu
exec amitwin sweep {FILE} --case "$SLURM_ARRAY_TASK_ID/{SHARES}" -j "$SLURM_CPUS_PER_TASK" -o {DIR}
# When all have ended, at any machine:
#   amitwin sweep {FILE} --collect -o {DIR}
