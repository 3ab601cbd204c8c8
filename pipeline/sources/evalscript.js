//VERSION=3
// Digital numbers as delivered, one output band for each band asked for; 0 where there is no data.
function setup() {
  return {
    input: [{ bands: BANDS.concat(["dataMask"]), units: UNITS.concat(["DN"]) }],
    output: { id: "default", bands: BANDS.length, sampleType: "UINT16" },
    mosaicking: "SIMPLE"
  };
}
function evaluatePixel(sample) {
  return BANDS.map(function (band) { return sample.dataMask ? sample[band] : 0; });
}
