// Tells Python which word of the summary is selected, for the one view that is drawn there.
const link = window.gistscope;
let told = null;

link.listen(element, () => {
  const [word] = link.selected("summary").slice(-1);
  if (word === told) return;
  told = word === undefined ? null : word;
  if (told !== null) trigger("word_chosen", { word: told });
});
