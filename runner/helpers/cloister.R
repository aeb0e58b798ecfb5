# Typed outputs for Cloister: what is written here can be checked and released. Using this is optional.
#   cloister$estimate('mean age', mean(d$age), standard_error = se, n = nrow(d))
#   cloister$model('age model', glm(sex ~ age, family = binomial, data = d))
#   cloister$table('by group', aggregate(age ~ group, d, mean))
# Each call adds one output to result.json in the output folder.

outputs <- character(0)

# Path of a file of the dataset; without a name, the dataset's folder.
data <- function(name = '') {
  catalogs <- file.path(Sys.getenv('CLOISTER_DATA'), 'catalogs')
  folder <- file.path(catalogs, sort(list.files(catalogs))[[1]])
  if (nzchar(name)) file.path(folder, name) else folder
}

string <- function(s) {
  s <- enc2utf8(as.character(s))
  for (p in list(c('\\\\', '\\\\\\\\'), c('"', '\\\\"'), c('\n', '\\\\n'), c('\r', '\\\\r'), c('\t', '\\\\t'))) s <- gsub(p[[1]], p[[2]], s)
  paste0('"', gsub('[[:cntrl:]]', ' ', s), '"')
}
value <- function(v) {
  if (length(v) == 0 || is.na(v)) return('null')
  if (is.factor(v) || is.character(v) || inherits(v, 'Date')) return(string(v))
  if (is.logical(v)) return(if (v) 'true' else 'false')
  if (is.finite(v)) format(v, digits = 15, scientific = NA, trim = TRUE) else 'null'
}
object <- function(...) {
  parts <- list(...)
  parts <- parts[!vapply(parts, is.null, TRUE)]
  paste0('{', paste0('"', names(parts), '":', unlist(parts), collapse = ','), '}')
}
array <- function(parts) paste0('[', paste(parts, collapse = ','), ']')
given <- function(v) if (is.null(v)) NULL else value(v)
add <- function(output) {
  outputs <<- c(outputs, output)
  cat('{"outputs":', array(outputs), '}', sep = '', file = file.path(Sys.getenv('CLOISTER_OUTPUT'), 'result.json'))
  invisible(NULL)
}

# The parameters' JSON as text; numbers and strings at its top level as a list.
parameters <- function() {
  text <- paste(readLines(Sys.getenv('CLOISTER_PARAMETERS'), warn = FALSE, encoding = 'UTF-8'), collapse = '\n')
  found <- regmatches(text, gregexpr('"[^"\\\\]+"\\s*:\\s*("[^"\\\\]*"|-?[0-9.eE+-]+|true|false)', text))[[1]]
  named <- lapply(found, function(f) {
    v <- sub('^"[^"]+"\\s*:\\s*', '', f)
    if (startsWith(v, '"')) substr(v, 2, nchar(v) - 1) else if (v %in% c('true', 'false')) v == 'true' else as.numeric(v)
  })
  names(named) <- sub('^"([^"]+)".*$', '\\1', found)
  named
}

# One number, category or truth value.
scalar <- function(name, v, unit = NULL) add(object(type = string('scalar'), name = string(name), value = value(v), unit = if (!is.null(unit)) string(unit)))

# An estimate with its uncertainty.
estimate <- function(name, v, standard_error = NULL, low = NULL, high = NULL, p = NULL, n = NULL, unit = NULL)
  add(object(type = string('estimate'), name = string(name), estimate = value(v), standardError = given(standard_error), low = given(low), high = given(high), pValue = given(p), n = given(n), unit = if (!is.null(unit)) string(unit)))

# A data frame. `counts` names columns that count people, `groups` those that say which.
table <- function(name, frame, counts = character(0), groups = character(0)) {
  columns <- vapply(names(frame), function(c) object(name = string(c), kind = if (c %in% counts) string('count') else if (c %in% groups) string('group')), '')
  rows <- vapply(seq_len(nrow(frame)), function(i) array(vapply(frame, function(column) value(column[[i]]), '')), '')
  add(object(type = string('table'), name = string(name), columns = array(columns), rows = array(rows)))
}

# Counts of people between breaks: a result of hist(plot = FALSE), or edges and counts.
histogram <- function(name, edges, counts = NULL, unit = NULL) {
  if (inherits(edges, 'histogram')) { counts <- edges$counts; edges <- edges$breaks }
  add(object(type = string('histogram'), name = string(name), edges = array(vapply(edges, value, '')), counts = array(vapply(counts, value, '')), unit = if (!is.null(unit)) string(unit)))
}

# The coefficients of an lm or glm with standard errors, statistics, p-values, Wald intervals and measures of fit.
model <- function(name, fit) {
  rows <- stats::coef(summary(fit))
  half <- stats::qnorm(0.975) * rows[, 2]
  if (!inherits(fit, 'glm')) half <- stats::qt(0.975, stats::df.residual(fit)) * rows[, 2]
  terms <- vapply(seq_len(nrow(rows)), function(i) object(term = string(rownames(rows)[[i]]), estimate = value(rows[[i, 1]]), standardError = value(rows[[i, 2]]), statistic = value(rows[[i, 3]]), pValue = value(rows[[i, 4]]), low = value(rows[[i, 1]] - half[[i]]), high = value(rows[[i, 1]] + half[[i]])), '')
  measures <- object(residualDf = value(stats::df.residual(fit)), aic = value(stats::AIC(fit)), logLikelihood = value(as.numeric(stats::logLik(fit))), deviance = value(stats::deviance(fit)), r2 = if (!inherits(fit, 'glm')) value(summary(fit)$r.squared))
  family <- if (inherits(fit, 'glm')) stats::family(fit)$family else 'gaussian'
  add(object(type = string('model'), name = string(name), family = string(family), terms = array(terms), fit = measures, n = value(stats::nobs(fit))))
}
