"""Does the motor score at entry go with age and with the time since the diagnosis?"""
import json
import os

import pandas as pd

subjects = pd.read_csv(os.environ["DATA_ROOT"] + "/catalogs/clinical_trial_data/subjects.csv")

result = {
    "updrs with age": subjects["baseline_updrs"].corr(subjects["age"]),
    "updrs with duration": subjects["baseline_updrs"].corr(subjects["disease_duration"]),
    "mean age": subjects["age"].mean(),
}
with open(os.environ["CLOISTER_OUTPUT"] + "/result.json", "w") as f:
    json.dump(result, f)
