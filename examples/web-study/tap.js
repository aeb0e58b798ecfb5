const trials = 10
const target = document.getElementById('target')
const field = document.getElementById('field')

const { condition, resume, variables } = await cloister.start()
const radius = variables.radius
target.style.width = target.style.height = `${2 * radius}px`

/** Shows the circle somewhere and resolves with the time until it was tapped, in milliseconds. */
const tap = () => new Promise((resolve) => {
  const x = radius + Math.random() * (field.clientWidth - 2 * radius)
  const y = radius + Math.random() * (field.clientHeight - 2 * radius)
  target.style.left = `${x - radius}px`
  target.style.top = `${y - radius}px`
  target.hidden = false
  const shown = performance.now()
  target.onclick = () => {
    target.hidden = true
    resolve({ rt: performance.now() - shown, x: Math.round(x), y: Math.round(y) })
  }
})

// after a reload the study goes on where it was: what is recorded is not asked again
for (let trial = resume.finished.length + 1; trial <= trials; trial++) {
  await cloister.record({ trial, condition, ...(await tap()) })
  cloister.progress(trial / trials)
}
await cloister.finish()
document.getElementById('hint').textContent = 'Thank you.'
