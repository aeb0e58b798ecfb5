/**
 * The runner, started before there is a job: everything is loaded, and it waits. Its first message is its environment
 * (`CLOISTER_MANIFEST` and so on); from then on it is main.ts, for one job, and ends. Nothing of one job can meet the
 * next, because there is no next. It ends with whoever started it.
 */
import './io.ts'
import './job.ts'

// The first request of a process loads what makes requests; nothing leaves the process for this one.
await fetch('data:,')
// Before the job there is nobody to hear the signal, and it ends at once; afterwards main.ts clears up first.
process.on('disconnect', () => {
  process.kill(process.pid, 'SIGTERM')
})
process.once('message', (environment: Record<string, string>) => {
  Object.assign(process.env, environment)
  void import('./main.ts')
})
