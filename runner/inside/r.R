# Runs an analyst's R script, or the cells of an R notebook. Of an error only its class and its line in their own code are noted.
local({
  arguments <- commandArgs(trailingOnly = TRUE)
  notes <- arguments[[1]]; source_file <- arguments[[2]]
  here <- dirname(sub('^--file=', '', grep('^--file=', commandArgs(), value = TRUE)[[1]]))
  options(keep.source = TRUE, warn = 1, error = NULL, device = function(...) grDevices::pdf(NULL))
  helpers <- attach(NULL, name = 'cloister', warn.conflicts = FALSE)
  delayedAssign('cloister', local({ e <- new.env(parent = globalenv()); sys.source(file.path(here, 'helpers', 'cloister.R'), envir = e); e }), assign.env = helpers)

  cells <- list()
  if (grepl('\\.json$', source_file)) {
    # Cells come as files beside the list, so that no JSON parser is needed: cell-1.R, cell-2.R, ...
    files <- list.files(dirname(source_file), pattern = '^cell-[0-9]+\\.R$', full.names = TRUE)
    numbers <- as.integer(sub('^cell-([0-9]+)\\.R$', '\\1', basename(files)))
    for (i in order(numbers)) cells[[length(cells) + 1]] <- list(file = files[[i]], cell = numbers[[i]])
  } else cells[[1]] <- list(file = source_file, cell = 0L)

  note <- function(class, line, cell, limit) {
    parts <- c(sprintf('"class":"%s"', gsub('[^A-Za-z0-9._]', '', class)), if (length(line) == 1 && !is.na(line)) sprintf('"line":%d', as.integer(line)), if (cell > 0) sprintf('"cell":%d', cell), if (nzchar(limit)) sprintf('"limit":"%s"', limit))
    cat('{', paste(parts, collapse = ','), '}', sep = '', file = file.path(notes, '.cloister-error.json'))
  }
  limit_of <- function(text) {
    if (grepl('^cannot allocate|memory exhausted', text)) 'memory-limit'
    else if (grepl('No space left on device|File too large', text)) 'output-limit'
    else if (grepl('Resource temporarily unavailable|unable to fork', text)) 'process-limit'
    else ''
  }
  line_of <- function(ref) if (is.null(ref)) NA_integer_ else as.integer(ref)[[1]]
  own <- function(ref, file) !is.null(ref) && identical(attr(ref, 'srcfile')$filename, file)

  for (cell in cells) {
    parsed <- tryCatch(parse(cell$file, keep.source = TRUE, encoding = 'UTF-8'), error = function(e) {
      found <- regmatches(conditionMessage(e), regexec(':([0-9]+):[0-9]+:', conditionMessage(e)))[[1]]
      note('parseError', if (length(found) == 2) as.integer(found[[2]]) else NA, cell$cell, '')
      message(conditionMessage(e))
      quit('no', status = 1L, runLast = FALSE)
    })
    refs <- attr(parsed, 'srcref')
    for (i in seq_along(parsed)) {
      withCallingHandlers(
        { shown <- withVisible(eval(parsed[[i]], globalenv())); if (shown$visible) print(shown$value) },
        error = function(e) {
          line <- line_of(refs[[i]])
          for (call in rev(sys.calls())) {
            ref <- attr(call, 'srcref')
            if (own(ref, cell$file)) { line <- line_of(ref); break }
          }
          text <- conditionMessage(e)
          note(class(e)[[1]], line, cell$cell, limit_of(text))
          message('Error: ', text)
          quit('no', status = 1L, runLast = FALSE)
        })
    }
  }
  quit('no', status = 0L, runLast = FALSE)
})
