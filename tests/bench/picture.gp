# Draws the ratios of a table that `bench --csv` wrote:
#
#   gnuplot -c tests/bench/picture.gp speed.csv speed.svg
#
# A bar per row, from 1 (as fast as the peer) to the median; the line across its end has the
# quartiles.
table = ARG1
set datafile separator comma
label(unused) = sprintf("%s, %s%s", stringcolumn(1), stringcolumn(4), \
                        stringcolumn(3) eq "1" ? "" : ", ".stringcolumn(3)." threads")

stats table using 8 every ::1 nooutput
rows = STATS_records
set terminal svg size 900, 22 * rows + 80 font "sans-serif,12" background rgb "white"
set output ARG2
set logscale x
set xrange [0.5:5000]
set yrange [rows - 0.5:-0.5]
set format x "%g×"
set xlabel "times as fast as the peer (logarithmic)"
set grid xtics lc rgb "#dddddd" lw 1
set style fill solid 1.0 noborder
set border 1
set tics nomirror scale 0
set lmargin at screen 0.42
unset key
set arrow from 1, graph 0 to 1, graph 1 nohead lc rgb "#555555" lw 1
plot table using 8:0:(1.0):8:($0 - 0.32):($0 + 0.32):ytic(label(0)) every ::1 \
       with boxxyerror lc rgb "#2a78b5", \
     table using 8:0:9:10 every ::1 with xerrorbars pt 0 lw 1.2 lc rgb "#14405f", \
     table using 10:0:(sprintf("  %.3g× %s", column(8), stringcolumn(5))) every ::1 \
       with labels left font "sans-serif,11"
