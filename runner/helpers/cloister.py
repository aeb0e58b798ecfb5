"""Typed outputs for Cloister: what is written here can be checked and released. Using this module is optional.

    import cloister
    cloister.estimate('mean age', mean, standard_error=se, n=len(d))
    cloister.model('age model', fit)           # a fitted statsmodels result
    cloister.table('by group', frame)          # a pandas data frame
Each call adds one output to `result.json` in the output folder.
"""
import json
import math
import os

_outputs = []


def data(name=''):
    """Path of a file of the dataset: `data('subjects.csv')`. Without a name, the dataset's folder."""
    catalogs = os.path.join(os.environ['CLOISTER_DATA'], 'catalogs')
    datasets = sorted(os.listdir(catalogs))
    return os.path.join(catalogs, datasets[0], name) if name else os.path.join(catalogs, datasets[0])


def parameters():
    """The parameters the job was asked with, as a dictionary."""
    with open(os.environ['CLOISTER_PARAMETERS'], encoding='utf8') as f:
        return json.load(f)


def _plain(v):
    """A JSON value: missing and infinite numbers become null, numpy's scalars become Python's."""
    if v is None or isinstance(v, (bool, str, int)):
        return v
    if hasattr(v, 'item') and not isinstance(v, float):
        return _plain(v.item())
    if isinstance(v, float):
        return v if math.isfinite(v) else None
    return str(v)


def _add(output):
    _outputs.append({k: v for k, v in output.items() if v is not None})
    with open(os.path.join(os.environ['CLOISTER_OUTPUT'], 'result.json'), 'w', encoding='utf8') as f:
        json.dump({'outputs': _outputs}, f, allow_nan=False)


def scalar(name, value, unit=None):
    """One number, category or truth value."""
    _add({'type': 'scalar', 'name': str(name), 'value': _plain(value), 'unit': unit})


def estimate(name, value, standard_error=None, low=None, high=None, p=None, n=None, unit=None):
    """An estimate with its uncertainty: standard error or an interval from `low` to `high`, and a p-value."""
    _add({'type': 'estimate', 'name': str(name), 'estimate': _plain(value), 'standardError': _plain(standard_error), 'low': _plain(low), 'high': _plain(high), 'pValue': _plain(p), 'n': _plain(n), 'unit': unit})


def table(name, frame, counts=(), groups=()):
    """A pandas data frame (an index with names becomes columns), or a list of dictionaries. `counts` names columns that count people, `groups` those that say which."""
    if hasattr(frame, 'columns'):
        if any(n is not None for n in frame.index.names):
            groups = list(groups) + [n for n in frame.index.names if n is not None]
            frame = frame.reset_index()
        names = [str(c) for c in frame.columns]
        rows = [[_plain(v) for v in row] for row in frame.itertuples(index=False, name=None)]
    else:
        rows_in = list(frame)
        names = [str(c) for c in rows_in[0]] if rows_in else []
        rows = [[_plain(r.get(c)) for c in names] for r in rows_in]
    kinds = {**{str(c): 'count' for c in counts}, **{str(g): 'group' for g in groups}}
    _add({'type': 'table', 'name': str(name), 'columns': [{'name': c, **({'kind': kinds[c]} if c in kinds else {})} for c in names], 'rows': rows})


def histogram(name, edges, counts, unit=None):
    """Counts of people between `edges`: one edge more than counts, as numpy.histogram gives them."""
    _add({'type': 'histogram', 'name': str(name), 'edges': [_plain(e) for e in edges], 'counts': [_plain(c) for c in counts], 'unit': unit})


def model(name, fit):
    """The coefficients of a fitted statsmodels result, with standard errors, statistics, p-values, intervals and measures of fit."""
    terms = list(fit.model.exog_names) if hasattr(fit.model, 'exog_names') else [str(i) for i in range(len(fit.params))]
    interval = fit.conf_int()
    interval = interval.values if hasattr(interval, 'values') else interval
    columns = [list(getattr(v, 'values', v)) for v in (fit.params, fit.bse, fit.tvalues, fit.pvalues)]
    rows = []
    for i, term in enumerate(terms[:len(columns[0])]):
        row = {'term': str(term), 'estimate': _plain(columns[0][i]), 'standardError': _plain(columns[1][i]), 'statistic': _plain(columns[2][i]), 'pValue': _plain(columns[3][i]), 'low': _plain(interval[i][0]), 'high': _plain(interval[i][1])}
        rows.append({k: v for k, v in row.items() if v is not None})
    measures = {}
    for key, attribute in (('r2', 'rsquared'), ('adjustedR2', 'rsquared_adj'), ('aic', 'aic'), ('logLikelihood', 'llf'), ('deviance', 'deviance'), ('residualDf', 'df_resid')):
        v = _plain(getattr(fit, attribute, None))
        if isinstance(v, (int, float)):
            measures[key] = v
    _add({'type': 'model', 'name': str(name), 'family': type(getattr(fit.model, 'family', fit.model)).__name__, 'terms': rows, 'fit': measures, 'n': int(fit.nobs)})
