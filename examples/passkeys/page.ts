/** What the page calls: it asks the handler for options, has the browser use a passkey, and sends the answer. */
import {
  type PublicKeyCredentialCreationOptionsJSON as RegistrationOptions,
  type PublicKeyCredentialRequestOptionsJSON as LoginOptions,
  startAuthentication,
  startRegistration,
} from '@simplewebauthn/browser';

/** Makes a passkey: for a new user, or another one for the user who is signed in. */
export async function register(name: string): Promise<void> {
  const optionsJSON = await post<RegistrationOptions>('/register/options', { name });
  await post('/register', await startRegistration({ optionsJSON }));
}

export async function logIn(): Promise<void> {
  const optionsJSON = await post<LoginOptions>('/login/options', {});
  await post('/login', await startAuthentication({ optionsJSON }));
}

/** Does work that needs a recent login. If the last one is too old, the user proves again who they are. */
export async function withRecentLogin(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if ((error as Error).message !== 'login-too-old') throw error;
    await logIn();
    await work();
  }
}

async function post<Answer>(path: string, body: object): Promise<Answer> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) });
  const answer = (await response.json()) as Answer & { error?: string };
  if (!response.ok) throw new Error(answer.error);
  return answer;
}
