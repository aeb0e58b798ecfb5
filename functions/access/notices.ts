/** What the installation wants of those who administer an organisation of it. */
import type { access } from '../../contracts/access.ts'
import type { Implementation } from '../kernel/handler.ts'

export const notices: Implementation<(typeof access)['routes']['notices']> = async (_, { settings }) => ({
  restored: await settings.restored?.(),
})
