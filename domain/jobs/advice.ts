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

/** Lines of a script above which nobody likes to check it. */
const longest = 2000
/** Pieces of advice. */
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
const rLanguage: Look[] = [
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
  /(?<!\+\s*)(['"])(\/(?!catalogs\b|data\b|output\b|job\b|tmp\b|dev\/null\b)[A-Za-z][^'"\s/]*\/[^'"]*|[A-Za-z]:\\[^'"]*|~\/[^'"]*)\1/

/** The line without a comment. A `#` within quotes stays. */
function withoutComment(line: string): string {
  let quote = ''
  for (let at = 0; at < line.length; at++) {
    const character = line[at]!
    if (quote !== '') {
      if (character === '\\') at++
      else if (character === quote) quote = ''
      continue
    }
    if (character === '#') return line.slice(0, at)
    if (character === '"' || character === "'") quote = character
  }
  return line
}

/** Advice on one script or cell; `cell` counts a notebook's code cells from 1. */
function look(source: string, looks: readonly Look[], cell?: number): Advice[] {
  // Text between triple quotes is not code; its lines keep their numbers.
  const code = source.replaceAll(/("""|''')[\s\S]*?\1/g, (text) => text.replaceAll(/[^\n]/g, ''))
  return code.split('\n').flatMap((line, i) => adviceOnLine(withoutComment(line), looks, { line: i + 1, cell }))
}
function adviceOnLine(line: string, looks: readonly Look[], at: Pick<Advice, 'line' | 'cell'>): Advice[] {
  const found: Advice[] = []
  for (const { pattern, level, code, message } of looks) {
    const match = pattern.exec(line)
    if (!match) continue
    const named = match.slice(1).find((group) => group !== undefined) ?? 'this'
    found.push({ level, code, message: message.replace('$1', named), ...at })
  }
  if (absolute.test(line))
    found.push({
      level: 'warning',
      code: 'absolute-path',
      message: 'This path is not there. Data lies below DATA_ROOT, as catalogs/<dataset>/<file>.',
      ...at,
    })
  return found
}

const written = /result\.json|\.to_csv|write\.csv|write\.table|CLOISTER_OUTPUT|OUTPUT_DIR|\/output\b|\bcloister\b/

interface RawNotebook {
  nbformat?: unknown
  cells?: RawCell[]
  metadata?: { kernelspec?: { language?: unknown; name?: unknown }; language_info?: { name?: unknown } }
}
interface RawCell {
  cell_type?: unknown
  source?: unknown
}
interface Notebook {
  language: 'python' | 'r'
  cells: string[]
}

/** Code cells of a notebook, or undefined when it is none. */
function notebookOf(text: string): Notebook | undefined {
  let raw: RawNotebook
  try {
    raw = JSON.parse(text) as RawNotebook
  } catch {
    return undefined
  }
  if (typeof raw !== 'object' || raw === null || raw.nbformat !== 4 || !Array.isArray(raw.cells)) return undefined
  const cells = raw.cells.filter((cell) => cell?.cell_type === 'code').map(sourceOf)
  return { language: languageOf(raw.metadata), cells }
}
/** Source is one text, or a list of lines. */
function sourceOf({ source }: RawCell): string {
  if (Array.isArray(source)) return source.filter((line) => typeof line === 'string').join('')
  return typeof source === 'string' ? source : ''
}
function languageOf(metadata: RawNotebook['metadata']): 'python' | 'r' {
  const names = [metadata?.kernelspec?.language, metadata?.language_info?.name, metadata?.kernelspec?.name]
  const name = names.find((candidate) => typeof candidate === 'string') ?? 'python'
  return /^i?r$/i.test(name) ? 'r' : 'python'
}

/**
 * Advice on a script, in the order of its lines; at most 50 pieces. `line` counts from 1 within the script or the cell,
 * `cell` counts a notebook's code cells from 1. An `error` is something that cannot work; nothing is refused because of
 * it.
 */
export function adviseScript(language: 'python' | 'r' | 'notebook', code: string): Advice[] {
  const notebook = language === 'notebook' ? notebookOf(code) : undefined
  if (language === 'notebook' && !notebook)
    return [
      { level: 'error', code: 'invalid-notebook', message: 'This is not a Jupyter notebook of format 4 (.ipynb).' },
    ]
  const sources = notebook ? notebook.cells : [code]
  const looks = (notebook?.language ?? language) === 'r' ? rLanguage : python
  const onLines = sources.flatMap((source, i) => look(source, looks, notebook ? i + 1 : undefined))
  return [...onLines, ...adviceOnWhole(sources)].slice(0, most)
}

function adviceOnWhole(sources: readonly string[]): Advice[] {
  const found: Advice[] = []
  const lines = sources.reduce((sum, source) => sum + source.split('\n').length, 0)
  if (lines > longest)
    found.push({
      level: 'hint',
      code: 'long',
      message: `${lines} lines are a lot for a person to check. Where a custodian or a checker reads the code, a shorter script is answered sooner.`,
    })
  if (sources.every((source) => source.trim() === ''))
    found.push({ level: 'error', code: 'empty', message: 'There is no code.' })
  else if (!sources.some((source) => written.test(source)))
    found.push({
      level: 'warning',
      code: 'no-result',
      message:
        'Nothing seems to be written. Put result.json or a CSV table into the folder that CLOISTER_OUTPUT names; what is only printed does not leave.',
    })
  return found
}
