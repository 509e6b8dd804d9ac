//! What is possible and odd, and told as a warning.

use super::*;

#[test]
fn odd_sites_are_told_with_the_first_of_them() {
    let told = |rows: &str| csv_file(format!("id,lat,lon,height_m\n{rows}")).warnings;
    assert_eq!(told("a,50,10,500\nb,50,10,-20\n"), Vec::<String>::new());
    assert_eq!(
        told("a,50,10,\nb,0,0,\nc,0.0,0,\n"),
        ["2 sites at 0 N 0 E (b, line 3), which is where a missing position lies; give the real one"]
    );
    assert_eq!(
        told("a,-80.5,10,\n"),
        ["1 site beyond 80 degrees of latitude (a at -80.500, line 2); check the coordinates and their order"]
    );
    assert_eq!(
        told("a,50,10,501\nb,50,10,-20.5\n"),
        [
            "2 sites with a height below -20 m or above 500 m (a with 501 m, line 2); height_m is metres over ground, not \
          over the sea"
        ]
    );
}

#[test]
fn gains_that_no_antenna_of_the_band_has_are_told() {
    let told = |rows: &str| csv_file(format!("id,lat,lon,antenna_gain_dbi\n{rows}")).warnings;
    assert_eq!(told("a,50,10,17\nb,50,10,-15\nc,50,10,\n"), Vec::<String>::new());
    assert_eq!(
        told("a,50,10,27\n"),
        [
            "1 site with an antenna gain below -15 or above 17 dBi (a with 27 dBi, line 2); antenna_gain_dbi is the gain over an \
          isotropic antenna less the loss of the cable, not a power in dBm"
        ]
    );
}

#[test]
fn ids_that_a_spreadsheet_has_rounded_are_told() {
    let file =
        csv_file("id,lat,lon\n1.23457E+12,49.999,10\n1.23458E+12,49.999,10\nE+1,50,10\n12E+12,50,10\n1E5,50,10\n");
    assert_eq!(
        file.warnings,
        [
            "2 sites with an id such as 1.23457E+12 (line 2), which a spreadsheet has rounded: its last digits are gone, and it \
          will not be found elsewhere; export the column as text"
        ]
    );
    assert_eq!(csv_file("id;lat;lon\n1,23457E+12;50;10\n").warnings.len(), 1);
    assert_eq!(
        csv_error("id,lat,lon\n1.23457E+12,50,10\n1.23457E+12,50,10\n"),
        "meters.csv, line 3, column id: the id '1.23457E+12' is already taken by line 2 (a spreadsheet has rounded it: \
         export the column as text); give each site its own id"
    );
}

#[test]
fn a_town_in_a_room_is_told() {
    let sites = |count: usize, step: f64| {
        let row = |n: usize| format!("m{n},{:.9},10\n", 50.0 + step * n as f64);
        csv_file(format!("id,lat,lon\n{}", (0..count).map(row).collect::<String>())).warnings
    };
    // 19 steps of 1e-6 degrees are 2.1 m, of half of it 1.1 m.
    assert_eq!((sites(20, 1e-6).len(), sites(20, 5e-7).len(), sites(19, 5e-7).len()), (0, 1, 0));
    assert!(sites(20, 0.0)[0].starts_with("all 20 sites stand within 2 m of each other"));
}
