/**
 * Advice on a script before it runs: what confinement would stop anyway, and what is easily forgotten. Safety never
 * depends on it: it reads text, it does not understand programs.
 */

export interface Advice {
  level: 'error' | 'warning' | 'hint'
  message: string
  line?: number
  cell?: number
  /** Stable name of what was found. */
  code?: string
}

interface Look {
  pattern: RegExp
  level: Advice['level']
  code: string
  message: string
}

const longest = 2000
const most = 50
const python: Look[] = [
  {
    pattern:
      /^\s*(?:import|from)\s+(?:[\w.]+\s*,\s*)*(socket|ssl|requests|urllib3?|http|httpx|aiohttp|ftplib|smtplib|telnetlib|paramiko|boto3)\b/,
    level: 'error',
    code: 'network',
    message: 'There is no network where this runs, so $1 cannot reach anything.',
  },
  {
    pattern:
      /^\s*(?:import|from)\s+(?:[\w.]+\s*,\s*)*(subprocess|pty|pexpect)\b|\b(os\.(?:system|popen|exec\w*|spawn\w*))\s*\(/,
    level: 'warning',
    code: 'programs',
    message: 'Other programs are not needed here and may not be there.',
  },
  {
    pattern: /^\s*(?:import|from)\s+(?:[\w.]+\s*,\s*)*(ctypes|cffi)\b/,
    level: 'warning',
    code: 'native',
    message: '$1 calls native code; most of what it could reach is closed here.',
  },
  {
    pattern: /^\s*(?:import|from)\s+(?:[\w.]+\s*,\s*)*(multiprocessing|concurrent)\b|\bos\.fork\s*\(/,
    level: 'warning',
    code: 'processes',
    message: 'Processes are limited, and the job has few processors: this may not be faster.',
  },
  {
    pattern: /^\s*[!%]\s*(?:pip|conda)\b|^\s*![^=]|\bpip\.main\b/,
    level: 'error',
    code: 'install',
    message: 'Nothing can be installed or called from the shell here. The catalogue lists the packages that are there.',
  },
]
const r: Look[] = [
  {
    pattern:
      /\b(socketConnection|socketSelect|url|curl|download\.file|make\.socket|httr|curlGetHeaders|install\.packages|remotes)\s*(?:\(|::)/,
    level: 'error',
    code: 'network',
    message: 'There is no network where this runs, so $1 cannot reach anything.',
  },
  {
    pattern: /\b(system2?|shell|pipe)\s*\(/,
    level: 'warning',
    code: 'programs',
    message: 'Other programs are not needed here and may not be there.',
  },
  {
    pattern: /\b(mclapply|makeCluster|makeForkCluster|mcparallel)\s*\(/,
    level: 'warning',
    code: 'processes',
    message: 'Processes are limited, and the job has few processors: this may not be faster.',
  },
  {
    pattern: /\b(dyn\.load|Rcpp::\w+|sourceCpp)\s*\(/,
    level: 'warning',
    code: 'native',
    message: '$1 calls native code; there is no compiler here.',
  },
]
/** Quoted absolute paths that are not the job's own folders. */
const absolute =
  /(?<!\+\s*)(['"])(\/(?!catalogs\b|data\b|output\b|job\b|tmp\b|dev\/null\b)[A-Za-z][^'"\s]*\/[^'"]*|[A-Za-z]:\\[^'"]*|~\/[^'"]*)\1/

/** The line without a comment. A `#` within quotes stays. */
function withoutComment(line: string): string {
  let quote = ''
  for (let i = 0; i < line.length; i++) {
    const c = line[i]!
    if (quote) {
      if (c === '\\') i++
      else if (c === quote) quote = ''
    } else if (c === '"' || c === "'") quote = c
    else if (c === '#') return line.slice(0, i)
  }
  return line
}

function look(source: string, looks: readonly Look[], cell?: number): Advice[] {
  const found: Advice[] = []
  // Text between triple quotes is not code; its lines keep their numbers.
  const code = source.replaceAll(/("""|''')[\s\S]*?\1/g, (text) => text.replaceAll(/[^\n]/g, ''))
  for (const [i, full] of code.split('\n').entries()) {
    const line = withoutComment(full)
    const at = { line: i + 1, ...(cell === undefined ? {} : { cell }) }
    for (const l of looks) {
      const m = l.pattern.exec(line)
      if (m)
        found.push({
          level: l.level,
          code: l.code,
          message: l.message.replace('$1', m.slice(1).find((g) => g !== undefined) ?? 'this'),
          ...at,
        })
    }
    if (absolute.test(line))
      found.push({
        level: 'warning',
        code: 'absolute-path',
        message: 'This path is not there. Data lies below DATA_ROOT, as catalogs/<dataset>/<file>.',
        ...at,
      })
  }
  return found
}

const written = /result\.json|\.to_csv|write\.csv|write\.table|CLOISTER_OUTPUT|OUTPUT_DIR|\/output\b|\bcloister\b/

interface RawNotebook {
  nbformat?: unknown
  cells?: { cell_type?: unknown; source?: unknown }[]
  metadata?: { kernelspec?: { language?: unknown; name?: unknown }; language_info?: { name?: unknown } }
}

/** Code cells of a notebook, numbered from 1, or undefined when it is none. */
function cellsOf(text: string): { language: 'python' | 'r'; cells: string[] } | undefined {
  let raw: RawNotebook
  try {
    raw = JSON.parse(text) as RawNotebook
  } catch {
    return undefined
  }
  if (typeof raw !== 'object' || raw === null || raw.nbformat !== 4 || !Array.isArray(raw.cells)) return undefined
  const name =
    [raw.metadata?.kernelspec?.language, raw.metadata?.language_info?.name, raw.metadata?.kernelspec?.name].find(
      (n): n is string => typeof n === 'string',
    ) ?? 'python'
  const cells = raw.cells
    .filter((c) => c?.cell_type === 'code')
    .map((c) =>
      Array.isArray(c.source)
        ? c.source.filter((s) => typeof s === 'string').join('')
        : typeof c.source === 'string'
          ? c.source
          : '',
    )
  return { language: /^i?r$/i.test(name) ? 'r' : 'python', cells }
}

/**
 * Advice on a script, in the order of its lines; at most 50 pieces. `line` counts from 1 within the script or the cell,
 * `cell` counts a notebook's code cells from 1. An `error` is something that cannot work; nothing is refused because of
 * it.
 */
export function adviseScript(language: 'python' | 'r' | 'notebook', code: string): Advice[] {
  const advice: Advice[] = []
  const notebook = language === 'notebook' ? cellsOf(code) : undefined
  if (language === 'notebook' && !notebook)
    return [
      { level: 'error', code: 'invalid-notebook', message: 'This is not a Jupyter notebook of format 4 (.ipynb).' },
    ]
  const sources = notebook ? notebook.cells : [code]
  const looks = (notebook?.language ?? language) === 'r' ? r : python
  for (const [i, source] of sources.entries()) advice.push(...look(source, looks, notebook ? i + 1 : undefined))
  const lines = sources.reduce((n, s) => n + s.split('\n').length, 0)
  if (lines > longest)
    advice.push({
      level: 'hint',
      code: 'long',
      message: `${lines} lines are a lot for a person to check. Where a custodian or a checker reads the code, a shorter script is answered sooner.`,
    })
  if (sources.every((s) => s.trim() === ''))
    advice.push({ level: 'error', code: 'empty', message: 'There is no code.' })
  else if (!sources.some((s) => written.test(s)))
    advice.push({
      level: 'warning',
      code: 'no-result',
      message:
        'Nothing seems to be written. Put result.json or a CSV table into the folder that CLOISTER_OUTPUT names; what is only printed does not leave.',
    })
  return advice.slice(0, most)
}
