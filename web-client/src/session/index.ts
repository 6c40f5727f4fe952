/** What `ui/` may import of the session: the one function that makes it, and the model. */
export * from './model';
export type { Link } from './door';
export { createSession } from './session';
export { browserEnvironment, type Environment } from './environment';
