# A study's trials to one row for each participant.
# Usage: Rscript measures.R PARAMETERS.json TRIALS.csv OUTPUT-FOLDER
args <- commandArgs(trailingOnly = TRUE)
say <- function(...) { cat("cloister:", ..., "\n"); flush.console() }

# The parameters are flat: names to texts, numbers and flags.
read_flat_json <- function(path) {
  text <- paste(readLines(path, warn = FALSE, encoding = "UTF-8"), collapse = "\n")
  found <- regmatches(text, gregexpr('"((?:[^"\\\\]|\\\\.)*)"\\s*:\\s*("(?:[^"\\\\]|\\\\.)*"|-?[0-9.eE+-]+|true|false)', text, perl = TRUE))[[1]]
  unquote <- function(s) gsub('\\\\(["\\\\/])', "\\1", substr(s, 2, nchar(s) - 1))
  names <- vapply(regmatches(found, regexpr('^"(?:[^"\\\\]|\\\\.)*"', found, perl = TRUE)), unquote, "")
  values <- sub('^"(?:[^"\\\\]|\\\\.)*"\\s*:\\s*', "", found, perl = TRUE)
  setNames(lapply(values, function(v) if (startsWith(v, '"')) unquote(v) else if (v %in% c("true", "false")) v == "true" else as.numeric(v)), names)
}
stop_with <- function(...) { message(...); quit(status = 2) }

p <- read_flat_json(args[1])
out <- args[3]

say("step", "Read the trials")
trials <- read.csv(args[2], check.names = FALSE, stringsAsFactors = FALSE)
needed <- c(p$participant, p$rt, p$correct, p$condition)
lacking <- setdiff(needed, names(trials))
if (length(lacking)) stop_with("The file has no column ", paste(sQuote(lacking, FALSE), collapse = ", "), ". It has: ", paste(head(names(trials), 30), collapse = ", "))
d <- data.frame(participant = as.character(trials[[p$participant]]), rt = suppressWarnings(as.numeric(trials[[p$rt]])),
  correct = tolower(as.character(trials[[p$correct]])) %in% c("true", "1", "t"), condition = as.character(trials[[p$condition]]))
# Rows of instructions and the like have no condition.
d <- d[!is.na(d$condition) & d$condition != "" & !is.na(d$participant), ]
levels <- unique(d$condition)
if (!(p$baseline %in% levels)) stop_with("No trial has the baseline condition ", sQuote(p$baseline, FALSE), ". There are: ", paste(head(levels, 10), collapse = ", "))
other <- setdiff(levels, p$baseline)
if (length(other) != 1) stop_with("The effect needs two conditions; there are ", length(levels), ": ", paste(head(levels, 10), collapse = ", "))
people <- unique(d$participant)
cat(nrow(d), "trials of", length(people), "participants\n")

say("step", "Cut outliers")
d$good <- d$correct & !is.na(d$rt) & d$rt >= p$min_rt & d$rt <= p$max_rt
if (p$sd_cut > 0) {
  z <- ave(ifelse(d$good, d$rt, NA), d$participant, d$condition, FUN = function(x) (x - mean(x, na.rm = TRUE)) / sd(x, na.rm = TRUE))
  d$good <- d$good & (is.na(z) | abs(z) <= p$sd_cut)
}
say("metric", "kept_percent", round(100 * mean(d$good), 3))

say("step", "Measures")
measures <- do.call(rbind, lapply(seq_along(people), function(i) {
  x <- d[d$participant == people[i], ]
  if (i %% 10 == 0 || i == length(people)) say("progress", paste0(i, "/", length(people)))
  rt <- function(condition) { v <- x$rt[x$good & x$condition == condition]; if (length(v) >= p$min_trials / 2) mean(v) else NA }
  accuracy <- mean(x$correct)
  enough <- sum(x$good) >= p$min_trials
  data.frame(participant = people[i], trials = nrow(x), kept = sum(x$good), accuracy = accuracy,
    median_rt = if (any(x$good)) median(x$rt[x$good]) else NA, mean_rt_baseline = rt(p$baseline), mean_rt_other = rt(other),
    effect = if (enough) rt(other) - rt(p$baseline) else NA, inverse_efficiency = if (enough && accuracy > 0) mean(x$rt[x$good]) / accuracy else NA)
}))
write.csv(format(measures, digits = 6, trim = TRUE), file.path(out, "measures.csv"), row.names = FALSE, quote = FALSE)
effect <- measures$effect[!is.na(measures$effect)]
test <- if (length(effect) >= 3 && sd(effect) > 0) t.test(effect) else NULL
if (length(effect)) say("metric", "mean_effect_ms", round(mean(effect), 4))
say("metric", "mean_accuracy", round(mean(measures$accuracy), 5))

say("step", "Draw")
png(file.path(out, "effect.png"), width = 900, height = 600, res = 120, type = "cairo")
both <- measures[!is.na(measures$mean_rt_baseline) & !is.na(measures$mean_rt_other), ]
if (nrow(both)) {
  y <- rbind(both$mean_rt_baseline, both$mean_rt_other)
  matplot(1:2, y, type = "b", pch = 16, lty = 1, col = "#0072B255", xaxt = "n", xlim = c(0.8, 2.2), xlab = "", ylab = "Mean response time (ms)", main = paste0("Effect of ", p$condition))
  lines(1:2, rowMeans(y), type = "b", pch = 16, lwd = 4, col = "#D55E00")
  axis(1, at = 1:2, labels = c(p$baseline, other))
}
invisible(dev.off())
number <- function(x) if (is.null(x) || is.na(x)) "null" else format(x, digits = 8)
writeLines(sprintf('{"participants": %d, "with_effect": %d, "mean_effect_ms": %s, "low_95": %s, "high_95": %s, "t": %s, "p": %s}', nrow(measures), length(effect),
  number(if (length(effect)) mean(effect) else NA), number(test$conf.int[1]), number(test$conf.int[2]), number(unname(test$statistic)), number(test$p.value)), file.path(out, "summary.json"))
