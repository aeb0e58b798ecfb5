/** People: a Cognito user pool with its own login pages, and the campus’s identity provider when there is one. */
import { CfnOutput, Duration, SecretValue } from 'aws-cdk-lib'
import * as cognito from 'aws-cdk-lib/aws-cognito'
import type { Construct } from 'constructs'
import { accept } from './nag.ts'
import { issuerHost, loginDomainPrefix, loginHost } from './names.ts'
import type { Settings } from './settings.ts'
import { StageStack } from './stage-stack.ts'

export class IdentityStack extends StageStack {
  readonly userPoolId: string
  readonly clientId: string
  /** Client of the page on which people change how they sign in. */
  readonly accountClientId: string
  readonly issuer: string
  readonly scope = 'openid email profile'
  /** Where a browser goes to end Cognito’s own session, too. */
  readonly logout: string

  constructor(scope: Construct, settings: Settings, mainOrigin: string) {
    super(scope, 'identity', settings, 'user pool, login pages, campus sign-in')
    const pool = new cognito.UserPool(this, 'People', {
      userPoolName: settings.installation,
      featurePlan: cognito.FeaturePlan.ESSENTIALS,
      selfSignUpEnabled: settings.selfSignUp,
      signInAliases: { email: true },
      autoVerify: { email: true },
      keepOriginal: { email: true },
      signInCaseSensitive: false,
      standardAttributes: { email: { required: true, mutable: true }, fullname: { required: false, mutable: true } },
      // Groups of the campus, for rules that make roles of them. Whoever signs up could give themselves such an
      // attribute: functions/access/session.ts believes it of people who came by a provider alone.
      customAttributes: { groups: new cognito.StringAttribute({ mutable: true, maxLen: 2048 }) },
      passwordPolicy: {
        minLength: 12,
        requireDigits: true,
        requireLowercase: true,
        requireUppercase: true,
        requireSymbols: true,
        tempPasswordValidity: Duration.days(3),
        passwordHistorySize: 5,
      },
      mfa: settings.requireSecondFactor ? cognito.Mfa.REQUIRED : cognito.Mfa.OPTIONAL,
      mfaSecondFactor: { otp: true, sms: false },
      signInPolicy: { allowedFirstAuthFactors: { password: true, passkey: true } },
      passkeyRelyingPartyId: loginHost(settings),
      passkeyUserVerification: cognito.PasskeyUserVerification.REQUIRED,
      accountRecovery: cognito.AccountRecovery.EMAIL_ONLY,
      deletionProtection: settings.production,
      removalPolicy: this.keep,
    })
    // A passkey asks for a finger, a face or a PIN: two factors in one. The pool's construct has no word for it yet.
    const present = pool.node.defaultChild as cognito.CfnUserPool
    present.webAuthnFactorConfiguration = 'MULTI_FACTOR_WITH_USER_VERIFICATION'
    accept(pool, {
      'AwsSolutions-COG2':
        'A second factor (a code or a passkey) is each person’s choice unless requireSecondFactor says otherwise; who comes by the campus provider is challenged there, Cognito cannot challenge them again.',
      'AwsSolutions-COG3':
        'Threat protection needs the Plus plan (0.02 USD for each person and month). Lock-out after failed attempts is built in, and failed sign-ins are in the audit chain.',
      'AwsSolutions-COG8': 'The Plus plan is for threat protection, see COG3.',
    })
    const login = pool.addDomain('Login', {
      cognitoDomain: { domainPrefix: loginDomainPrefix(settings) },
      managedLoginVersion: cognito.ManagedLoginVersion.NEWER_MANAGED_LOGIN,
    })
    new cognito.CfnUserPoolGroup(this, 'Founders', {
      userPoolId: pool.userPoolId,
      groupName: 'founders',
      description: 'May found organisations',
    })

    const campus = this.campusProviders(pool)
    const ofPerson = () =>
      new cognito.ClientAttributes()
        .withStandardAttributes({ email: true, fullname: true, givenName: true, familyName: true })
        .withCustomAttributes('groups')
    const client = pool.addClient('Portal', {
      userPoolClientName: 'portal',
      generateSecret: false,
      preventUserExistenceErrors: true,
      enableTokenRevocation: true,
      // By choice of the login pages: password or passkey. No flow by which a program could send passwords.
      authFlows: { user: true },
      authSessionValidity: Duration.minutes(10),
      oAuth: {
        flows: { authorizationCodeGrant: true },
        scopes: [cognito.OAuthScope.OPENID, cognito.OAuthScope.EMAIL, cognito.OAuthScope.PROFILE],
        callbackUrls: [`${mainOrigin}/signed-in`, `${mainOrigin}/signed-in/popup`],
        logoutUrls: [`${mainOrigin}/`],
      },
      // What was given out before a sign-out works for a quarter of an hour at most.
      accessTokenValidity: Duration.minutes(15),
      idTokenValidity: Duration.minutes(15),
      refreshTokenValidity: Duration.hours(12),
      // A refresh token works once; within the grace it works again, for an answer that was lost.
      refreshTokenRotationGracePeriod: Duration.seconds(10),
      // Read into tokens, and written by the campus' provider at each sign-in: people have no scope to write them.
      readAttributes: ofPerson().withStandardAttributes({ emailVerified: true }),
      writeAttributes: ofPerson(),
      supportedIdentityProviders: [
        cognito.UserPoolClientIdentityProvider.COGNITO,
        ...campus.map((p) => cognito.UserPoolClientIdentityProvider.custom(p.providerName)),
      ],
    })
    client.node.addDependency(...campus)
    // For the page on which people change how they sign in, and nothing else: the portal's own tokens may change none
    // of it, so that whoever steals one takes over no account.
    const account = pool.addClient('Account', {
      userPoolClientName: 'account',
      generateSecret: false,
      preventUserExistenceErrors: true,
      enableTokenRevocation: true,
      authFlows: { user: true },
      authSessionValidity: Duration.minutes(10),
      oAuth: {
        flows: { authorizationCodeGrant: true },
        scopes: [cognito.OAuthScope.OPENID, cognito.OAuthScope.EMAIL, cognito.OAuthScope.COGNITO_ADMIN],
        callbackUrls: [`${mainOrigin}/settings/sign-in`],
      },
      accessTokenValidity: Duration.minutes(15),
      idTokenValidity: Duration.minutes(15),
      // The least there is; the page asks for a fresh sign-in instead of using it.
      refreshTokenValidity: Duration.hours(1),
      refreshTokenRotationGracePeriod: Duration.seconds(10),
      supportedIdentityProviders: [cognito.UserPoolClientIdentityProvider.COGNITO],
    })
    // The newer login pages show nothing until a client has a style; Cognito's own will do.
    for (const [id, styled] of [
      ['LoginStyle', client],
      ['AccountStyle', account],
    ] as const)
      new cognito.CfnManagedLoginBranding(this, id, {
        userPoolId: pool.userPoolId,
        clientId: styled.userPoolClientId,
        useCognitoProvidedValues: true,
      }).node.addDependency(login)

    this.userPoolId = pool.userPoolId
    this.clientId = client.userPoolClientId
    this.accountClientId = account.userPoolClientId
    this.issuer = `https://${issuerHost(settings)}/${pool.userPoolId}`
    this.logout = `https://${loginHost(settings)}/logout?client_id=${client.userPoolClientId}&logout_uri=${mainOrigin}/`
    new CfnOutput(this, 'Founder', {
      value: `aws cognito-idp admin-add-user-to-group --user-pool-id ${pool.userPoolId} --group-name founders --username EMAIL`,
      description: 'Lets a person found an organisation',
    })
    new CfnOutput(this, 'CampusRedirect', {
      value: `https://${loginHost(settings)}/oauth2/idpresponse`,
      description: 'Redirect address to register at a campus OIDC provider (SAML: /saml2/idpresponse)',
    })
  }

  private campusProviders(
    pool: cognito.UserPool,
  ): (cognito.UserPoolIdentityProviderOidc | cognito.UserPoolIdentityProviderSaml)[] {
    const { campusOidc: oidc, campusSaml: saml } = this.settings
    const providers: (cognito.UserPoolIdentityProviderOidc | cognito.UserPoolIdentityProviderSaml)[] = []
    if (oidc)
      providers.push(
        new cognito.UserPoolIdentityProviderOidc(this, 'CampusOidc', {
          userPool: pool,
          name: oidc.name,
          issuerUrl: oidc.issuer,
          clientId: oidc.clientId,
          clientSecret: SecretValue.secretsManager(oidc.clientSecretName).unsafeUnwrap(),
          scopes: ['openid', 'email', 'profile'],
          attributeRequestMethod: cognito.OidcAttributeRequestMethod.GET,
          attributeMapping: {
            email: cognito.ProviderAttribute.other('email'),
            fullname: cognito.ProviderAttribute.other('name'),
            custom: { 'custom:groups': cognito.ProviderAttribute.other(oidc.groups) },
          },
        }),
      )
    if (saml)
      providers.push(
        new cognito.UserPoolIdentityProviderSaml(this, 'CampusSaml', {
          userPool: pool,
          name: saml.name,
          metadata: cognito.UserPoolIdentityProviderSamlMetadata.url(saml.metadataUrl),
          idpSignout: true,
          // The names of eduPerson attributes that campus federations release.
          attributeMapping: {
            email: cognito.ProviderAttribute.other('urn:oid:0.9.2342.19200300.100.1.3'),
            fullname: cognito.ProviderAttribute.other('urn:oid:2.16.840.1.113730.3.1.241'),
            custom: { 'custom:groups': cognito.ProviderAttribute.other(saml.groups) },
          },
        }),
      )
    return providers
  }
}
