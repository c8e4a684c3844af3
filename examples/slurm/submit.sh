#!/bin/bash
# Embeds in parts, and joins them when all are finished:
#   RUN=runs/photos DATA=photos OUT=results/photos.npy ./submit.sh [options of sbatch for the array, such as --array=0-63]
set -euo pipefail

: "${RUN:?the folder of the run}" "${DATA:?what to embed}" "${OUT:?the file to write, such as photos.npy}"
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)

array=$(sbatch --parsable "$@" "$here/embed.sbatch")
# afterok: only when every task of the array ended well; otherwise the merge is taken out of the queue
merge=$(sbatch --parsable --dependency="afterok:${array%%;*}" --kill-on-invalid-dep=yes "$here/merge.sbatch")
echo "parts: job $array, merge: job $merge"
