/** The script of pages on which a passkey is made or used: asks the browser, and sends on what the browser says. */

export const passkeyScript = `'use strict'
const post = (address, body) =>
  fetch(address, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
for (const place of document.querySelectorAll('[data-passkey]')) {
  if (!window.PublicKeyCredential || !PublicKeyCredential.parseRequestOptionsFromJSON) continue
  place.hidden = false
  const address = place.dataset.passkey
  const makes = place.dataset.makes !== undefined
  const problem = place.querySelector('[role=alert]')
  const say = (words) => {
    problem.textContent = words
    problem.hidden = false
  }
  const button = place.querySelector('button')
  button.addEventListener('click', async () => {
    problem.hidden = true
    button.disabled = true
    try {
      const options = await (await fetch(address)).json()
      const credential = makes
        ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
        : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) })
      const name = place.querySelector('input')
      const answer = await post(address, { name: name ? name.value : '', response: credential.toJSON() })
      const { to, detail } = await answer.json()
      if (to) location.assign(to)
      else say(detail)
    } catch (e) {
      say(e.name === 'NotAllowedError' ? 'Nothing was chosen, or it took too long. Try again.' : e.name === 'InvalidStateError' ? 'This device has a passkey of yours already.' : 'That did not work. Try again, or use your password.')
    } finally {
      button.disabled = false
    }
  })
}
`
