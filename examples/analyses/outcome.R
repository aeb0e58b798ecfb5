# What goes with the motor score at entry? A linear model with base R.
root <- file.path(Sys.getenv("DATA_ROOT"), "catalogs", "clinical_trial_data")
subjects <- read.csv(file.path(root, "subjects.csv"))

fit <- glm(baseline_updrs ~ age + disease_duration + sex, data = subjects)
coefficients <- summary(fit)$coefficients

write.csv(
  data.frame(term = rownames(coefficients), estimate = coefficients[, 1], standard_error = coefficients[, 2]),
  file.path(Sys.getenv("CLOISTER_OUTPUT"), "model.csv"), row.names = FALSE
)
