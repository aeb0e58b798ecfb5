// Plain JavaScript for Node 18 and newer, as launch.mjs, whose process this runs in: it has nothing else to do there.
// It hears the host's heart, ends a host that has gone silent, and starts it again when it ends by itself.
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** What a host ends with that must not go on: an error that nobody caught (run.ts). */
const brokenCode = 70
/** An abort, as a shell counts it: Node out of memory. */
const abortCode = 134

/** Looks this often; a host is silent when nothing was heard for so long at two looks in a row. */
const usual = { lookMilliseconds: 5000, silentMilliseconds: 15_000, firstPause: 1000, longestPause: 60_000 }
/** A host that worked for so long is no longer one that keeps ending. */
const calmMilliseconds = 5 * 60_000

/** Monotonic: it stands still, or goes on, whatever the clock of the wall does. */
const now = () => Number(process.hrtime.bigint() / 1_000_000n)

/** What the host was at, by its own file (last-words.ts). */
function doingIn(file) {
  try {
    return readFileSync(file, 'utf8')
      .split('\n')
      .map((name) => name.trim())
      .filter(Boolean)
  } catch {
    return []
  }
}

/**
 * Listens to a child's heart. A host that merely waits with the whole machine (a suspended laptop) is not silent: our
 * own looks were late too, and it has a whole look's time to be heard again.
 */
function listen(child, times, silent) {
  let heard
  let file
  let missed = 0
  let looked = now()
  child.on('message', (message) => {
    heard = now()
    missed = 0
    if (message.doing) file = message.doing
  })
  const timer = setInterval(() => {
    const at = now()
    const late = at - looked > 2 * times.lookMilliseconds
    looked = at
    if (heard === undefined || late || at - heard < times.silentMilliseconds) {
      missed = 0
      return
    }
    missed++
    if (missed < 2) return
    clearInterval(timer)
    silent(Math.round((at - heard) / 1000), file)
  }, times.lookMilliseconds)
  child.once('exit', () => clearInterval(timer))
  return { everHeard: () => heard !== undefined }
}

/**
 * Keeps what `start` starts (a child with a channel) running until it ends by itself or is told to: `over` hears its
 * exit code and signal then. Answers what passes a signal on.
 */
export function keep(start, over, say, times = usual) {
  let pause = times.firstPause
  let told = false
  let child
  let waiting
  const begin = () => {
    const began = now()
    child = start()
    const heart = listen(child, times, (seconds, file) => {
      const doing = file ? doingIn(file) : []
      say(
        `\nThe host has been silent for ${seconds} s${doing.length > 0 ? ` (at: ${doing.join(', ')})` : ''}; it is ended and started again.`,
      )
      try {
        writeFileSync(join(dirname(file), 'ended.json'), JSON.stringify({ why: 'silent', seconds, doing }), {
          mode: 0o600,
        })
      } catch {
        // The next start says that it was ended from outside.
      }
      child.kill('SIGKILL')
    })
    child.on('exit', (code, signal) => {
      const byItself = signal !== null || code === brokenCode || code === abortCode
      if (told || !byItself || !heart.everHeard()) return over(code, signal)
      if (now() - began > calmMilliseconds) pause = times.firstPause
      say(`\nThe host ended (${signal ?? code}); it is started again in ${pause / 1000} s.`)
      waiting = setTimeout(begin, pause)
      pause = Math.min(2 * pause, times.longestPause)
    })
  }
  begin()
  return (name) => {
    told = true
    clearTimeout(waiting)
    if (child.exitCode === null && child.signalCode === null) child.kill(name)
    else over(null, name)
  }
}
