/** The texts of what leads a lesson that address the reader; part of ../en.ts. */
export const toolsYou = {
  voteCast: 'Your vote has been cast. Nobody sees who chose what.',
  pickedYou: 'You were drawn.',
  focusYou: 'You now see and hear only the teacher and what is shown.',
};
