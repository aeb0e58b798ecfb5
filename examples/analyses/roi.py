"""Mean intensity in one region, over all scans and by diagnosis."""
import json
import os

import nibabel as nib
import pandas as pd

root = os.environ["DATA_ROOT"] + "/catalogs/imaging_data/"
region = nib.load(root + "masks/putamen.nii.gz").get_fdata() > 0
paths = pd.read_csv(root + "paths.csv")
paths["level"] = [nib.load(root + p).get_fdata()[region].mean() for p in paths["path"]]
people = paths.merge(pd.read_csv(root + "metadata.csv"), on="subject_id")

result = {
    "mean in region": people["level"].mean(),
    "patients": people.loc[people["diagnosis"] == "patient", "level"].mean(),
    "controls": people.loc[people["diagnosis"] == "control", "level"].mean(),
}
with open(os.environ["CLOISTER_OUTPUT"] + "/result.json", "w") as f:
    json.dump(result, f)
