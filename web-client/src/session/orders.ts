/**
 * What a person orders that is one message or one switch, and nothing else.
 *
 * Leaves out: how a message is said, and what a switch does; the session knows.
 */
import type { ClientMessage } from '../protocol';
import type { Session } from './model';
import type { Switch } from './own';

export abstract class Orders {
  protected abstract say(message: ClientMessage): void;
  protected abstract set(which: Switch, on: boolean): void;

  setMicrophone(on: boolean): void {
    this.set('microphone', on);
  }
  setCamera(on: boolean): void {
    this.set('camera', on);
  }
  setContent(on: boolean): void {
    this.set('content', on);
  }
  hand(up: boolean): void {
    this.say({ type: 'hand', up });
  }
  lowerHand(who: number): void {
    this.say({ type: 'lowerHand', who });
  }
  chat(...[text, to]: Parameters<Session['chat']>): void {
    this.say({ type: 'chat', text, ...(to === undefined ? {} : { to }) });
  }
  act(message: Parameters<Session['act']>[0]): void {
    this.say(message);
  }
  mute(...[who, kind]: Parameters<Session['mute']>): void {
    this.say({ type: 'mute', who, kind });
  }
  lock(...[who, what, locked]: Parameters<Session['lock']>): void {
    this.say({ type: 'lock', what, locked, ...(who === null ? {} : { who }) });
  }
  remove(who: number): void {
    this.say({ type: 'remove', who });
  }
  record(on: boolean): void {
    this.say({ type: 'record', on });
  }
  endForAll(): void {
    this.say({ type: 'end' });
  }
}
