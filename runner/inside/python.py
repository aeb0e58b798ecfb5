"""Runs an analyst's Python script, or the cells of a notebook, as `__main__`. Of an error only its class and its line in their own code are noted."""
import errno
import json
import os
import sys
import types

notes, source = sys.argv[1], sys.argv[2]
helpers = os.path.dirname(os.path.abspath(__file__))
sys.path[:] = [p for p in sys.path if p and os.path.abspath(p) != helpers] + [helpers + '/helpers']


def class_of(e):
    """The name of a class that Python or a package of the image defines; `Error` for the analyst's own."""
    t = type(e)
    home = sys.modules.get(t.__module__)
    known = t.__module__ == 'builtins' or t.__module__.partition('.')[0] in ('numpy', 'pandas', 'scipy', 'statsmodels', 'sklearn', 'nibabel', 'json', 'csv', 'zipfile', 'statistics', 'decimal')
    return t.__name__ if known and getattr(home, t.__name__, None) is t else 'Error'


def place_of(e, own):
    """Deepest line of the analyst's own code in the traceback, and its cell."""
    place = None
    if isinstance(e, SyntaxError) and e.filename in own:
        place = (e.filename, e.lineno)
    t = e.__traceback__
    while t is not None:
        if t.tb_frame.f_code.co_filename in own and not isinstance(e, SyntaxError):
            place = (t.tb_frame.f_code.co_filename, t.tb_lineno)
        t = t.tb_next
    return {} if place is None else {'line': place[1], **({'cell': own[place[0]]} if own[place[0]] else {})}


def limit_of(e):
    if isinstance(e, MemoryError):
        return 'memory-limit'
    if isinstance(e, OSError) and e.errno in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT):
        return 'output-limit'
    if isinstance(e, OSError) and e.errno == errno.ENOMEM:
        return 'memory-limit'
    if (isinstance(e, BlockingIOError) and e.errno == errno.EAGAIN) or (isinstance(e, RuntimeError) and str(e).startswith("can't start new thread")):
        return 'process-limit'
    return None


def note(e, own):
    said = {'class': class_of(e), **place_of(e, own)}
    limit = limit_of(e)
    if limit:
        said['limit'] = limit
    with open(notes + '/.cloister-error.json', 'w') as f:
        json.dump(said, f)


def main():
    if source.endswith('.json'):
        with open(source, encoding='utf8') as f:
            cells = [(f'{os.path.dirname(source)}/cell-{c["cell"]}.py', c['cell'], c['source']) for c in json.load(f)]
    else:
        with open(source, 'rb') as f:
            cells = [(source, 0, f.read())]
    own = {file: cell for file, cell, _ in cells}
    main_module = types.ModuleType('__main__')
    main_module.__dict__.update(__file__=source, __builtins__=__builtins__)
    sys.modules['__main__'] = main_module
    sys.argv[:] = [source]
    try:
        for file, _, text in cells:
            exec(compile(text, file, 'exec', dont_inherit=True), main_module.__dict__)
        sys.stdout.flush()
    except SystemExit as e:
        if e.code not in (None, 0):
            note(e, own)
        raise
    except BaseException as e:  # noqa: B902 - KeyboardInterrupt and the like end a run, too
        note(e, own)
        import linecache
        import traceback
        for file, cell, text in cells:
            if cell:
                linecache.cache[file] = (len(text), None, text.splitlines(True), file)
        traceback.print_exc()
        sys.exit(1)


main()
