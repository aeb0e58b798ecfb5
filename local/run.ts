/** The program around the host: settings from the environment, what it prints, how it stops. */
import { watchFile } from 'node:fs'
import { campusFrom } from './campus-login.ts'
import { examinationExits } from '../domain/care/finding.ts'
import { NotUnlocked } from './care/seal-file.ts'
import { demoPassword, demoPeople } from './demo/seed.ts'
import { type Host, startHost } from './host.ts'
import { ensureRuntimes, ensureWebAssembly } from '../tools/runtimes.ts'
import { type Languages, languagesLine } from './languages.ts'
import { sentenceOf } from './last-words.ts'
import { mailServerFrom } from './mail.ts'
import { metricsTokenFrom } from './metrics.ts'
import { outlast } from './outlast.ts'
import { isHttps, reachFrom } from './reach.ts'
import { refuseFewFiles } from './room.ts'
import { Trouble, Unanswered } from './trouble.ts'

const defaultPort = 4280
const certificateMilliseconds = 60_000

function portFrom(text: string | undefined): number {
  const port = Number(text || defaultPort)
  if (!Number.isInteger(port) || port < 1 || port > 65535)
    throw new Trouble(`CLOISTER_PORT is "${text}"; it must be a number from 1 to 65535.`)
  return port
}

/**
 * Says which languages run here. What is missing is installed where this user may, while everything else works already.
 */
async function sayLanguages(languages: Languages): Promise<void> {
  const say = (text: string): void => {
    process.stdout.write(`  ${text}\n\n`)
  }
  const tried = await languages.known()
  if (tried.python && tried.r) return say(`Languages        ${languagesLine(tried)}`)
  const meanwhile = (text: string): void => say(`${text} Studies and SQL work meanwhile.`)
  // What cannot be had is said by the line, with how to install it by hand.
  await ensureRuntimes(meanwhile).catch(() => {})
  let found = await languages.again()
  if (!found.python) {
    await ensureWebAssembly(meanwhile).catch(() => {})
    found = await languages.again()
  }
  say(`Languages        ${languagesLine(found)}`)
}

function runsFrom(text: string | undefined): { runs?: number } {
  if (!text) return {}
  const runs = Number(text)
  if (!Number.isInteger(runs) || runs < 1 || runs > 1000)
    throw new Trouble(
      `CLOISTER_RUNS is "${text}"; it must be a number from 1 to 1000: how many runs of pipelines may be at work at once.`,
    )
  return { runs }
}

function demoFrom(text: string | undefined): { demo?: boolean } {
  if (!text) return {}
  if (text !== 'yes' && text !== 'no') throw new Trouble(`CLOISTER_DEMO is "${text}"; it must be yes or no.`)
  return { demo: text === 'yes' }
}

/**
 * Has the host use a new certificate: what is answered does so at once, and it is done by itself within a minute of the
 * file's change.
 */
function renewal({ certificate }: { certificate: string }, host: Pick<Host, 'renewCertificate'>): () => void {
  const renew = (): void => {
    try {
      host.renewCertificate()
      process.stdout.write('The certificate was read again.\n')
    } catch (e) {
      process.stderr.write(`${e instanceof Error ? e.message : String(e)} The one before is still in use.\n`)
    }
  }
  watchFile(certificate, { interval: certificateMilliseconds, persistent: false }, renew)
  return renew
}

function isRequired(name: string, text: string | undefined): boolean {
  if (text && text !== 'required') throw new Trouble(`${name} is "${text}"; it can be "required", or not set at all.`)
  return text === 'required'
}

/** Starts the platform, prints how to use it, and ends the process when it is told to stop. */
export async function run(): Promise<void> {
  const began = performance.now()
  let stopping = false
  let stop: (() => Promise<void>) | undefined
  let renew: (() => void) | undefined
  const end = (): void => {
    if (stopping) return
    stopping = true
    if (!stop) process.exit(130)
    process.stdout.write('\nStopping ... ')
    setTimeout(() => process.exit(1), 5000).unref()
    void stop().then(() => {
      process.stdout.write('stopped; everything is kept.\n')
      process.exit(0)
    })
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, end)
  // A terminal that goes away ends a laptop's host; a public one is told by the same signal to read its certificate.
  process.on('SIGHUP', () => (renew ? renew() : end()))
  // A reader of our output that went away (`| head`) is no reason to stop.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
  try {
    refuseFewFiles()
    const port = portFrom(process.env['CLOISTER_PORT'])
    const reach = reachFrom(process.env, port)
    const host = await startHost({
      port,
      reach,
      home: process.env['CLOISTER_HOME'] || '.cloister',
      mailServer: mailServerFrom(process.env),
      secondFactor: isRequired('CLOISTER_SECOND_FACTOR', process.env['CLOISTER_SECOND_FACTOR']),
      ...runsFrom(process.env['CLOISTER_RUNS']),
      ...campusFrom(process.env),
      ...demoFrom(process.env['CLOISTER_DEMO']),
      founders: (process.env['CLOISTER_FOUNDERS'] ?? '').split(/[\s,]+/).filter(Boolean),
      ...metricsTokenFrom(process.env['CLOISTER_METRICS_TOKEN']),
    })
    stop = host.close
    outlast(host)
    const { before } = host.lastWords
    // A service is told to reload by the same signal; without a certificate of its own it has nothing to do.
    if (isHttps(reach.mainOrigin)) renew = reach.certificate ? renewal(reach.certificate, host) : () => {}
    const people = host.demo
      ? `\n  Demo logins (password ${demoPassword}):\n${demoPeople.map((p) => `    ${p.email.padEnd(22)} ${p.what}`).join('\n')}\n`
      : ''
    const letters = host.letters ? `  Letters          ${host.letters}\n` : ''
    process.stdout.write(
      `\n  Cloister is ready (${((performance.now() - began) / 1000).toFixed(1)} s): ${host.mainOrigin}/\n\n  API reference    ${host.mainOrigin}/docs\n  Study pages      ${host.studyOrigin}/ (an origin of their own)\n  Data             ${host.home}\n${letters}${people}${before ? `\n  ${sentenceOf(before)}\n` : ''}\n  Ctrl-C stops it; the data stays.\n`,
    )
    await sayLanguages(host.languages)
  } catch (e) {
    process.stderr.write(
      e instanceof Trouble
        ? `\n${e.message}\n\n`
        : `\nCloister could not start: ${e instanceof Error ? (e.stack ?? e.message) : String(e)}\n\n`,
    )
    if (e instanceof Unanswered) process.kill(process.pid, 'SIGKILL')
    process.exit(e instanceof NotUnlocked ? examinationExits.locked : 1)
  }
}

if (import.meta.main) await run()
