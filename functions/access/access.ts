/** The function `access`: people, organisations, tokens, sign-in of tools. */
import type { Deps } from '../kernel/deps.ts'
import { lambda, type LambdaHandler } from '../kernel/handler.ts'
import { access } from './area.ts'
import { approveDevice, device, pollDevice, startDevice } from './device.ts'
import { groupRules, makeGroupRule, removeGroupRule } from './group-rules.ts'
import { notices } from './notices.ts'
import { acceptInvitation, invitations, invite, revokeInvitation } from './invitations.ts'
import { members, removeMember, setRoles } from './members.ts'
import { createOrganisation, demandSecondFactor, organisation, renameOrganisation } from './organisations.ts'
import { me, signInSettings, updateMe } from './session.ts'
import { createToken, revokeToken, tokens } from './tokens.ts'
import { createVerifier, type VerifierOptions } from './verifier.ts'

export const createAccess = (deps: Deps, options: VerifierOptions = {}): LambdaHandler =>
  lambda(access, 'access', deps, {
    signInSettings,
    me,
    updateMe: updateMe(createVerifier(deps.settings, options)),
    createOrganisation,
    organisation,
    renameOrganisation,
    demandSecondFactor,
    members,
    setRoles,
    removeMember,
    invite,
    invitations,
    revokeInvitation,
    notices,
    groupRules,
    makeGroupRule,
    removeGroupRule,
    acceptInvitation,
    tokens,
    createToken,
    revokeToken,
    startDevice,
    pollDevice,
    device,
    approveDevice,
  })
