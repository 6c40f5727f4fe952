/** The texts about leading a class that address the reader; part of ../en.ts. */
export const classroomYou = {
  lobbyTitle: 'You will be let in soon.',
  lobbyNext: 'The teacher sees that you are waiting.',
  earlyTitle: 'The lesson has not begun yet.',
  earlyNext: 'You will be let in by itself.',
  talkNext: 'You will be let in by itself as soon as it is your turn.',
  yourTurn: 'It is your turn.',
  chooseHint: 'Then you wait until the teacher lets you in.',
  chooseYou: 'Who are you?',
};
