// Records as the form makes them, for the tests.

/** @param {Partial<import("../../app/static/consultation/form_state.js").Consultation>} [changes] */
export const consultation = (changes = {}) => ({
  id: "8f2f1f5e-5c8e-4b7e-9d53-2f4f6f1f0a01",
  desk: "MEX-02",
  held_on: "2026-03-10",
  channel: "desk_in_person",
  modality: "informational",
  travel_group: "not_stated",
  language: "spa",
  card: null,
  groups: [group("HND")],
  topics: ["asylum"],
  main_topic: "asylum",
  outcomes: ["information_given"],
  flags: [],
  taps: 7,
  milliseconds: 9000,
  ...changes,
});

export const group = (nationality, persons = [{ sex: "female", age_band: "age_25_59", n: 2 }], repeat_contact = "first_this_year") => ({
  nationality,
  situation: "unknown",
  persons,
  repeat_contact,
});
