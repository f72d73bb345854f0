#!/usr/bin/env bash
# Runs the examples as a newcomer would: they print what they promise, and refuse what makes no sense
# with one line that says why.
#
#   tests/examples/run.sh FOLDER      (where the examples are built; tests/run.sh does that)
set -euo pipefail
programs=$(realpath "$1")
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source scripts/report.sh
folder=$PWD/build/examples
rm -rf "$folder"
mkdir -p "$folder"

# The reader's own data and language must not decide.
unset TAPEGRAD_DATA_DIR
export LC_ALL=C.UTF-8

# run NAME PROGRAM ARGS...: in an empty folder of its own; leaves NAME.out, NAME.err and `status`.
run() {
  local name=$1 program=$2
  shift 2
  out=$folder/$name.out err=$folder/$name.err log=$folder/$name.log status=0
  mkdir "$folder/$name"
  # The braces keep the shell's own word about a program that dies.
  { (cd "$folder/$name" && exec timeout 120 "$program" "$@") >"$out" 2>"$err" </dev/null ||
      status=$?; } 2>"$folder/$name.shell"
}

# verdict NAME: passes when nothing has been written into $log.
verdict() {
  if [[ -s $log ]]; then fail "example $1" "$log"; else pass "example $1"; fi
}

# prints NAME PROGRAM: lines of standard input are regexes (grep -E), each of which must match a whole
# line of what the program prints, blanks squeezed.
prints() {
  local name=$1 pattern
  run "$@"
  {
    if [[ $status -ne 0 ]]; then echo "exit code $status"; fi
    sed -E 's/ +/ /g; s/ $//' "$out" >"$out.squeezed"
    while IFS= read -r pattern; do
      if ! grep -qxE -- "$pattern" "$out.squeezed"; then echo "no line matches: $pattern"; fi
    done
  } >"$log"
  verdict "$name"
}

# trains NAME ARGS...: `train` ends with its accuracy; how far it is goes to stderr.
trains() {
  local name=$1
  shift
  run "$name" "$programs/train" "$@"
  {
    if [[ $status -ne 0 ]]; then echo "exit code $status:"; tail -n 3 "$err"; fi
    if ! grep -qxE 'train accuracy 0\.[0-9]{4}' "$out" || [[ $(wc -l <"$out") -ne 1 ]]; then
      echo "it should print 'train accuracy 0.xxxx' and prints:"
      head -n 5 "$out"
    fi
  } >"$log"
  verdict "$name"
}

# refuses NAME REGEX ARGS...: `train` ends by itself (no signal, no time-out) with an error of one line
# that REGEX matches, besides CLI11's hint at --help, and has neither printed nor written anything.
refuses() {
  local name=$1 pattern=$2
  shift 2
  run "$name" "$programs/train" "$@"
  {
    if [[ $status -eq 0 || $status -ge 124 ]]; then echo "wrong: exit code $status"; fi
    grep -vxF 'Run with --help for more information.' "$err" >"$err.said" || true
    if [[ $(wc -l <"$err.said") -ne 1 ]] || ! grep -qE -- "$pattern" "$err.said"; then
      echo "one line should match '$pattern'; stderr reads:"
      head -n 5 "$err"
    fi
    if [[ -s $out ]]; then echo "it prints:"; head -n 5 "$out"; fi
    if [[ $(ls -A "$folder/$name") ]]; then echo "it leaves files:"; ls -A "$folder/$name"; fi
  } >"$log"
  verdict "$name"
}

# The neuron's worked numbers, gate by gate. Compilers choose in which order the operands of `+` are
# recorded: gates are known by their kind and value.
prints circuit "$programs/circuit" <<'END'
%0 w0 variable 2\.0000 -0\.1966 circuit\.cpp:[0-9]+
%1 x0 variable -1\.0000 0\.3932 circuit\.cpp:[0-9]+
%2 w1 variable -3\.0000 -0\.3932 circuit\.cpp:[0-9]+
%3 x1 variable -2\.0000 -0\.5898 circuit\.cpp:[0-9]+
%4 w2 variable -3\.0000 0\.1966 circuit\.cpp:[0-9]+
%[0-9]+ mul %0 %1 -2\.0000 0\.1966 .*
%[0-9]+ mul %2 %3 6\.0000 0\.1966 .*
%[0-9]+ add %[0-9]+ %[0-9]+ 4\.0000 0\.1966 .*
%[0-9]+ add %[0-9]+ %4 1\.0000 0\.1966 .*
%[0-9]+ neg %[0-9]+ -1\.0000 -0\.1966 .*
%[0-9]+ exp %[0-9]+ 0\.3679 -0\.5344 .*
%[0-9]+ add %[0-9]+ %[0-9]+ 1\.3679 -0\.5344 .*
%[0-9]+ f div %[0-9]+ %[0-9]+ 0\.7311 1\.0000 .*
f = 0\.73 df/dw = \(-0\.20, -0\.39, 0\.20\) df/dx = \(0\.39, -0\.59\)
sigmoid\(1\) = 0\.73 local gradient \(1 - y\)\*y = 0\.20
f = -20 df/d\(x, y, z, w\) = \(-8, 6, 2, 0\)
END

# Without npm there is no page to write: --dot alone is here, the page in tests/pages.
prints circuit-drawn "$programs/circuit" network --dot network.dot <<'END'
%[0-9]+ weight parameter \(5, 2\) .*
loss = 1\.2035, of it data loss 1\.1932
END
grep -q 'softmax_cross_entropy' "$folder/circuit-drawn/network.dot" >"$log" ||
  echo "network.dot does not show the network" >"$log"
verdict circuit-dot

prints fully_convolutional "$programs/fully_convolutional" <<'END'
6 Conv2d \(64, 9, 9\) 5,184 73,728 64 5,184 32×32 4
81 windows and one pass differ by at most [0-9]e-0[4-9]
81 windows: .* ms, one pass: .* ms, .* times faster
a position every 2 pixels by shifted passes: \(1, 10, 17, 17\)
a 224-net of 138357544 parameters on 384×384: \(1000, 6, 6\)
END

prints newton "$programs/newton" <<'END'
step 0: f\(-1\.200000, 1\.000000\) = 2\.420e\+01, .*
step [67]: f\(1\.000000, 1\.000000\) = .*e[-+][0-9]+, .*
END

# Each part of the tour by its verdict and what it was made to show.
prints gradcheck_tour "$programs/gradcheck_tour" <<'END'
gradcheck of sum %[0-9]+ at .* passed
 6 coordinates: 6 ok, 0 suspicious, 0 wrong, 0 kink, 0 tie, 0 below noise, 0 non-deterministic
 w \(3,\) .* 3 of 3 checked, error .*e-1[0-9] in norm; the gradient in float is .*e-0[78] from .*
 \[wrong_tanh\] at gradcheck_tour\.cpp:[0-9]+, gate .* operand 0: element 0, expected 0\.419974, got 0\.238406
 x \[0\]: .* error 4\.3e-01: wrong
gradcheck of sum %[0-9]+ at .* failed: 2 of 3 coordinates are ok, 90 % must be
 x \[0\]: analytic 1, numeric 1 .*: kink
 x \[0\]: analytic 0, numeric 0 ± 1 .*: tie
 note: in w, the gradient of data loss .* is checked apart
 gradcheck of data loss at .* failed: a gate's rule is wrong
 note: dropout at .* is active.*
gradcheck of sum %[0-9]+ at .* failed: the output is not deterministic
 note: the function records other gates or constants nearby.*
END

# In a table of each activation the right initialiser keeps the signal and the wrong ones lose it.
prints initialization "$programs/initialization" <<'END'
relu layer zeros normal 0\.01 normal 1 sparse 15 lecun xavier xavier 5/3 he
tanh layer zeros normal 0\.01 normal 1 sparse 15 lecun xavier xavier 5/3 he
 20 0 [0-9.]+e-2[0-9] [0-9.]+e\+(19|20) [0-9.]+e\+[0-9]+ 0\.00[01][0-9]* 0\.00[01][0-9]* [0-9.]+ (0\.[5-9]|1\.[0-9])[0-9]*
 20 0 [0-9.]+e-1[0-9] 0\.9[0-9]* 0\.8[0-9]* 0\.[1-3][0-9]* 0\.[1-3][0-9]* 0\.6[0-9]* 0\.[3-9][0-9]*
END

# Without npm there is no page to write: numbers are here, the page in tests/pages.
prints landscape-svm "$programs/landscape" svm --folder pictures --format csv <<'END'
pictures/landscape-svm\.csv: 141 losses from 0\.5067 to 4\.1000
END
# The header, 141 points and the four hinges.
lines=$(wc -l <"$folder/landscape-svm/pictures/landscape-svm.csv")
if [[ $lines -ne 146 ]]; then echo "landscape-svm.csv has $lines lines" >"$log"; fi
verdict landscape-svm-csv
prints landscape-spiral "$programs/landscape" spiral --epochs 20 --points 5 --format json <<'END'
outputs/landscape-spiral\.json: 25 losses from 0\.[0-9]+ to [0-9]+\.[0-9]+
END

prints knn "$programs/knn" --data spiral --train 300 --test 150 --k 1,5,100 --format csv <<'END'
spiral: 300 training and 150 test samples of 2 features
metric k accuracy of 5 folds
L[12] +1 0\.9[0-9]+ ± 0\.0[0-9]+
L2 +100 0\.[0-8][0-9]+ ± 0\.[0-9]+
best: L[12], k = [15]; test accuracy 0\.9[0-9]+
10 nearest by L2 recall@10 ms a query accuracy
exact, all at once 1\.000 [0-9.]+ 0\.9[0-9]+
graph, ef = 1000 (1\.000|0\.99[0-9]) [0-9.]+ 0\.9[0-9]+
The choice of k is drawn in outputs/knn\.csv
END
lines=$(wc -l <"$folder/knn/outputs/knn.csv")
if [[ $lines -ne 7 ]]; then echo "knn.csv has $lines lines" >"$log"; fi
verdict knn-csv

prints regions "$programs/regions" --epochs 30 --cells 60 --format png --folder pictures <<'END'
1 nearest neighbour accuracy 1\.000, boundary [0-9.]+
20 hidden units accuracy 0\.[5-9][0-9]+, boundary [0-9.]+
20 units, λ = 0\.01 accuracy 0\.[3-9][0-9]+, boundary [0-9.]+
pictures/regions-neighbours\.png
pictures/regions-units\.png
pictures/regions-decay\.png
END

prints optimizers "$programs/optimizers" --format none <<'END'
from \(-1\.2, 0\.001\) until it has left the saddle, .*
 SGD 0\.05 73 -1\.105e\+00
 momentum 0\.05 27 -1\.158e\+00
 Nesterov 0\.05 24 -1\.586e\+00
 Adagrad 0\.2 6 .*
 RMSprop 0\.01 17 -6\.870e-01
 Adam 0\.05 20 -9\.291e-01
 SGD 0\.035 146 1\.229e-03
 SGD 0\.001 7354 5\.080e-04
END
prints optimizers-impatient "$programs/optimizers" rosenbrock --steps 10 --folder paths --format csv <<'END'
 SGD 0\.001 not in 10 .*
paths drawn in paths/optimizers-rosenbrock\.csv
END

# On images that need no file. What is whitened or reduced is looked at by people.
prints preprocess "$programs/preprocess" --out pictures --samples 500 --show 9 --components 30 <<'END'
500 training images \(3, 16, 16\): mean and 500 components in [0-9.]+ s
30 components hold 9[0-9]\.[0-9] % of the variance
pictures/mean\.png: .*
pictures/reduced\.png: test images reduced from 768 numbers to 30 and back
END
for picture in images mean centred eigenimages reduced whitened; do
  # The first eight bytes of every PNG file.
  if ! head -c 8 "$folder/preprocess/pictures/$picture.png" | cmp -s - <(printf '\x89PNG\r\n\x1a\n'); then
    echo "there is no picture $picture.png"
  fi
done >"$log"
verdict preprocess-pictures
run preprocess-no-data "$programs/preprocess" --data cifar10
grep -qE '^preprocess: \[preprocess\] needs the folder of the data files for --data cifar10' "$err" >"$log" ||
  head -n 3 "$err" >"$log"
verdict preprocess-no-data
# Two workers, then the same search again: it is finished. Numbers are here, the page in tests/pages.
prints search "$programs/search" --data spiral --folder found --epochs 5 50 --trials 8 2 --format csv <<'END'
trial epochs score lr weight_decay dropout
 [0-7] 50 0\.[0-9]{4} .*
trial [0-7]: test accuracy 0\.[0-9]{4}
found/search\.csv: 10 results
END
results=$(find "$folder/search/found/results" -name 'stage-*_score-*_trial-*.safetensors' | wc -l)
if [[ $results -ne 10 ]]; then echo "there are $results results" >"$log"; fi
verdict search-files

prints ensemble "$programs/ensemble" --data spiral --members 3 --epochs 30 --seeds 1 <<'END'
seed 1: accuracy on 600 test samples
 several seeds 3 members 0\.[0-9]{4}, best 0\.[0-9]{4}; together 0\.[0-9]{4} \([-+]0\.[0-9]{4}\)
 the best of a search 3 members .*
 checkpoints of a run 3 members .*
 moving average last weights 0\.[0-9]{4}; averaged 0\.[0-9]{4} .*
better than the mean of its members for [01] of 1 seeds .*
END

trains spiral --epochs 3
trains spiral-checkpoints --epochs 3 --checkpoints "$folder/run"
trains spiral-goes-on --epochs 5 --checkpoints "$folder/run"
grep -q '^goes on from .*/run/checkpoint-000000000030\.safetensors$' "$err" >"$log" ||
  echo "it does not say from where it goes on" >"$log"
verdict spiral-goes-on-from
trains spiral-f64 --epochs 3 --precision f64 --model mlp:2-16-16-3 --batch-size 64

trains spiral-pattern --epochs 2 --model 'fc8 tanh fc3' --schedule cosine --weight-decay 1e-4
trains spiral-svm --epochs 2 --model svm

trains spiral-validation --epochs 20 --validation 0.2 --patience 5
# The diagnosis and the figures of each class are comments beside the progress bar.
{
  for pattern in 'validation 0\.[0-9]{4}' '^class +precision +recall +f1 +support$' '^macro average' \
    '^accuracy 0\.[0-9]{4}, loss '; do
    grep -qE -- "$pattern" "$err" || echo "stderr has no line that matches: $pattern"
  done
} >"$log"
verdict spiral-validation-comments

trains spiral-diagnosis --epochs 10 --lr 1000
grep -qE '^diagnosis: learning rate too high: the loss went from ' "$err" >"$log" ||
  echo "no diagnosis in:" "$(tail -n 3 "$err")" >"$log"
verdict spiral-diagnosis-comments

prints spiral-check "$programs/train" --epochs 2 --check <<'END'
pass initial loss: 1\.[0-9]{4}, and 1\.0986 for scores that prefer no class
pass regularisation: the loss is .*
pass overfitting 20 samples: all right after [0-9]+ steps of Adam at .*
train accuracy 0\.[0-9]{4}
END

trains spiral-report --epochs 3 --validation 0.2 --report report.json --metrics metrics
for file in report.json metrics/{steps,epochs,parameters,layers}.csv metrics/metrics.jsonl \
  metrics/events.out.tfevents.tapegrad; do
  [[ -s $folder/spiral-report/$file ]] || echo "$file is empty or absent"
done >"$log"
if [[ $(wc -l <"$folder/spiral-report/metrics/epochs.csv") -ne 4 ]]; then
  echo "epochs.csv should have a header and 3 rows" >>"$log"
fi
verdict spiral-report-files

# Two classes of images, dark and bright: a network is trained, saved, and asked about a file.
dark=iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAAAAABX3VL4AAAAAXNSR0IArs4c6QAAAA5JREFUCJljlGJgYmAAAACUAB6Jlzt5AAAAAElFTkSuQmCC
bright=iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAAAAABX3VL4AAAAAXNSR0IArs4c6QAAAA5JREFUCJljfMbAxMAAAASQAOpJRGU3AAAAAElFTkSuQmCC
for split in train test; do
  mkdir -p "$folder/pictures/$split"/{bright,dark}
  base64 -d <<<"$dark" >"$folder/pictures/$split/dark/a.png"
  base64 -d <<<"$bright" >"$folder/pictures/$split/bright/b.png"
done
prints images "$programs/train" --data images --data-dir "$folder/pictures" --model 'conv1-4 relu fc2' \
  --epochs 100 --flip 0 --crop 0 --batch-size 2 --save "$folder/model" <<'END'
test accuracy 1\.0000
END
prints predict "$programs/predict" "$folder/model" "$folder/pictures/test/dark/a.png" <<'END'
.*/a\.png: dark (0\.[5-9][0-9]*|1\.000), bright 0\.[0-4][0-9]*
END
run predict-nothing "$programs/predict" "$folder/pictures" "$folder/pictures/test/dark/a.png"
grep -qE '^predict: \[predict\] needs a folder that `train --save` has written' "$err" >"$log" ||
  head -n 3 "$err" >"$log"
verdict predict-nothing

refuses unknown-data '^--data: moons' --data moons
refuses negative-epochs '^--epochs: .*-3' --epochs -3
refuses patience-alone '^train: \[.*--validation' --patience 3
refuses validation-of-all '^train: \[train_validation_split\]' --validation 300
refuses report-of-another-kind '^train: \[report\] .*\.html' --report report.png
refuses report-folder-absent '^train: \[report\] needs a folder' --report nowhere/report.json
refuses metrics-on-a-file '^train: \[save_metrics\] needs a folder' --metrics /dev/null/metrics
refuses unknown-option '--bogus' --bogus
refuses model-rubbish "^train: \[.* got 'rubbish'" --model rubbish
refuses model-largest-number '^train: \[' --model mlp:2-9223372036854775807-3
refuses model-beyond-memory '^train: \[' --model mlp:2-99999999999999-3
refuses model-of-other-sizes '^train: \[.* 2 inputs and 3 outputs .* mlp:3-10-3' --model mlp:3-10-3
refuses no-data-dir '^train: \[.*--data-dir' --data fashion-mnist
refuses data-dir-absent "^train: \[.*'/nowhere/at-all'" --data idx --data-dir /nowhere/at-all
mkdir "$folder/no-files"
refuses data-dir-empty "^train: \[.*'$folder/no-files'" --data idx --data-dir "$folder/no-files"

# Nothing is built for an example that does not exist.
run unknown-example "$PWD/examples/run.sh" moons
{
  if [[ $status -ne 2 ]]; then echo "wrong: exit code $status"; fi
  for word in moons circuit train; do
    if ! grep -qw "$word" "$err"; then echo "stderr does not name '$word'"; fi
  done
} >"$log"
verdict unknown-example

closing_line
